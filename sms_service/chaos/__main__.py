"""Let `python -m sms_service.chaos` run the crash and fault suite."""

from sms_service.chaos.command import app

app()
