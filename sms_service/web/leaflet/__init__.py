"""`GET /l/{token}`: the page behind the link, for a patient with a phone and little time."""
