"""One file per verb: thin functions that open a transaction and ask the domain."""
