"""The service with one protection switched off: the judge must see the difference, or it is no judge."""

from sms_service.chaos.mutants.catalogue import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant"]
