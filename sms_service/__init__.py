"""Multilingual SMS education for booked injections."""
