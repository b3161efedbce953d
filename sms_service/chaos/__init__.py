"""Tries to break the service: real processes, seeded troubles, and a judge who only looks from outside."""
