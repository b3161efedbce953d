"""Commands for the people who write, translate, check and sign the texts."""
