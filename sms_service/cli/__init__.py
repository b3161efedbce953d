"""`sms-service`: one command for everything, with `--json` wherever a program might read it."""
