"""Numbers kept for fiction, and words about as long as ours."""

from __future__ import annotations


def number(n: int) -> str:
    """E.164, another one for each n below ten million."""
    return f"+1212{n:07d}"


def words(n: int) -> str:
    """A text of two segments that names its n."""
    return (
        "Riverside Pain Clinic, Injection Guide: your trigger point injection is on Wednesday, March 17"
        " at 10:30 AM. Please eat and drink as usual, wear loose clothes, and bring a list of your medicines."
        f" Questions? Call (555) 010-2000. Reply STOP to stop. Ref {n}."
    )
