"""Twilio's published OpenAPI document, fetched from npm and made strict enough to catch a wrong answer."""

import json
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from npm_packages import from_npm
from openapi_core import Config, OpenAPI

# Twilio's own command line carries the document that its libraries are generated from.
PACKAGE = "@twilio/cli-core@8.3.2"
INSIDE = "package/src/services/twilio-api/twilio_api_v2010.json"
PREFIX = "/2010-04-01/Accounts"
CALLED = [
    f"{PREFIX}/{{Sid}}.json",
    f"{PREFIX}/{{AccountSid}}/Keys.json",
    f"{PREFIX}/{{AccountSid}}/Keys/{{Sid}}.json",
    f"{PREFIX}/{{AccountSid}}/IncomingPhoneNumbers.json",
    f"{PREFIX}/{{AccountSid}}/Messages.json",
    f"{PREFIX}/{{AccountSid}}/Messages/{{Sid}}.json",
    f"{PREFIX}/{{AccountSid}}/Messages/{{MessageSid}}/Media.json",
]
RESOURCES = ["", ".key", ".incoming_phone_number", ".message"]
METHODS = {"get", "post", "delete"}
# Twilio's page on its responses describes what the document leaves out.
ERROR = {
    "type": "object",
    "required": ["code", "message", "more_info", "status"],
    "additionalProperties": False,
    "properties": {
        "code": {"type": "integer", "minimum": 10000, "maximum": 99999},
        "message": {"type": "string", "minLength": 1},
        "more_info": {"type": "string", "pattern": r"^https://www\.twilio\.com/docs/errors/[0-9]{5}$"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
    },
}


def document(cache):
    """Return Twilio's document; skip where npm is missing, fail instead in CI."""
    return json.loads(from_npm(cache, PACKAGE, INSIDE))


def validator(published, url):
    """Return a validator for the calls the sandbox knows, at the sandbox's address."""
    schemas = {name: published["components"]["schemas"][name] for name in reachable(published)}
    for suffix in RESOURCES:
        exactly(schemas[f"api.v2010.account{suffix}"])
    paths = {path: published["paths"][path] for path in CALLED}
    for operations in paths.values():
        # Every path names api.twilio.com as its server; here it is the sandbox.
        operations["servers"] = [{"url": url}]
        for method in METHODS & set(operations):
            strict(operations[method])
    spec = {
        **{name: published[name] for name in ("openapi", "info", "security")},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {**published["components"], "schemas": schemas},
    }
    config = Config(spec_validator_cls=None, extra_format_validators=FORMATS)
    return OpenAPI.from_dict(spec, config=config)


def reachable(published):
    """Name the schemas that the called paths lead to: the document has hundreds more."""
    found, texts = set(), [json.dumps(published["paths"][path]) for path in CALLED]
    while texts:
        text = texts.pop()
        for part in text.split('"#/components/schemas/')[1:]:
            name = part.partition('"')[0]
            if name not in found:
                found.add(name)
                texts.append(json.dumps(published["components"]["schemas"][name]))
    return found


def exactly(schema):
    """Ask for every property and no other: the document requires none, so a misspelt name would pass."""
    schema["required"] = sorted(schema["properties"])
    schema["additionalProperties"] = False


def strict(operation):
    for answer in operation["responses"].values():
        for content in answer.get("content", {}).values():
            if "properties" in content["schema"]:
                exactly(content["schema"])
    # Refusals are not in the document at all.
    operation["responses"]["default"] = {
        "description": "a refusal",
        "content": {"application/json": {"schema": ERROR}},
    }


def known_names(published, method, path):
    """Name what a call may say in its query and form: the validator lets an unknown name pass."""
    fitting = (called for called in CALLED if re.fullmatch(re.sub(r"{\w+}", "[A-Za-z0-9]+", called), path))
    operation = published["paths"][next(fitting)][method.lower()]
    query = {given["name"] for given in operation["parameters"] if given["in"] == "query"}
    content = operation.get("requestBody", {}).get("content", {})
    return query | {name for form in content.values() for name in form["schema"]["properties"]}


def is_rfc2822(text):
    return not isinstance(text, str) or parsedate_to_datetime(text).tzinfo == UTC


def is_address(text):
    """Take what the document calls a URI: its paging URIs are paths below the server."""
    return not isinstance(text, str) or bool(urlsplit(text).path.startswith("/") or urlsplit(text).netloc)


def is_uri_map(value):
    return value is None or all(is_address(address) for address in value.values())


def is_phone_number(text):
    return not isinstance(text, str) or (text.startswith("+") and text[1:].isdecimal())


# Formats of Twilio's own; nothing else would look at them.
FORMATS = {
    "date-time-rfc-2822": is_rfc2822,
    "uri": is_address,
    "uri-map": is_uri_map,
    "phone-number": is_phone_number,
    "currency": lambda text: not isinstance(text, str) or (text.isupper() and len(text) == 3),
    "http-method": lambda text: text in {None, "GET", "POST"},
    "phone-number-capabilities": lambda value: set(value) == {"fax", "mms", "sms", "voice"},
}
