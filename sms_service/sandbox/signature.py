"""Sign a webhook the way Twilio does.

HMAC-SHA1 under the account's auth token over the URL and the sorted form fields
(Twilio, "Validating requests are coming from Twilio").
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """Return the value of X-Twilio-Signature; the fragment of a URL is never signed."""
    signed = url.partition("#")[0] + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
