"""Celery: the only part that knows it. Tasks carry ids; what they do is in `sms_service.use_cases`."""
