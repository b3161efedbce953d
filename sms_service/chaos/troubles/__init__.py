"""Everything that is done to the running system, each trouble by its name."""

from sms_service.chaos.troubles.hand import Hand
from sms_service.chaos.troubles.registry import TROUBLES, Trouble, choose

__all__ = ["TROUBLES", "Hand", "Trouble", "choose"]
