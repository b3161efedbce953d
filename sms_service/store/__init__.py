"""PostgreSQL, which holds the truth: roles, rows, encryption, and one file per group of statements."""
