"""Let `python -m sms_service.sandbox` start the sandbox."""

import sys

from sms_service.sandbox.command import main

sys.exit(main(sys.argv[1:]))
