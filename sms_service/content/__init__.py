"""What patients read: pathways as data, gettext catalogs, dates, and the words that replies consist of."""
