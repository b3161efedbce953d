"""The provider's webhooks: verified over the public URL, answered only once their row is committed."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from sms_service.provider.signature import verify
from sms_service.settings import Settings
from sms_service.use_cases.receive import receive
from sms_service.use_cases.reply import Inbound, reply
from sms_service.web.doors import ServiceOf, SettingsOf
from sms_service.web.problems import ApiError

router = APIRouter(tags=["provider"])
_LARGEST = 64 * 1024
_BIGINT_DIGITS, _INTEGER_DIGITS = 18, 9  # what surely fits the database's types
_EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@router.post("/v1/twilio/status", status_code=204, summary="A receipt")
async def post_status(request: Request, service: ServiceOf, settings: SettingsOf) -> Response:
    """A delivery status. The attempt's id rides in the signed URL; an early, late or repeated one is fine."""
    form = await _signed_form(request, settings)
    await run_in_threadpool(
        receive,
        service,
        _integer(request.query_params.get("a", ""), _BIGINT_DIGITS),
        _required(form, "MessageSid"),
        _required(form, "MessageStatus"),
        _integer(form.get("ErrorCode", ""), _INTEGER_DIGITS),
        form.get("To")
        if form.get("To", "").startswith("+")
        else None,  # hidden where addresses are obfuscated
        request.query_params.get("m"),
    )
    return Response(status_code=204)


@router.post("/v1/twilio/inbound", summary="A patient's text")
async def post_inbound(request: Request, service: ServiceOf, settings: SettingsOf) -> Response:
    """What a patient wrote. The answer goes out as a text of its own, with a story like any other."""
    form = await _signed_form(request, settings)
    inbound = Inbound(
        sid=_required(form, "MessageSid"),
        phone=_required(form, "From"),
        addresses=tuple(form[name] for name in ("MessagingServiceSid", "To") if form.get(name)),
        body=form.get("Body", "").replace("\x00", ""),
        provider_confirmed=form.get("OptOutType") == "STOP",
    )
    await run_in_threadpool(reply, service, inbound)
    return Response(_EMPTY_TWIML, media_type="text/xml")


async def _signed_form(request: Request, settings: Settings) -> dict[str, str]:
    """The form, once its signature over the public URL holds. Forwarded headers are not believed."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _LARGEST:
            raise ApiError(413, "too_large", "A webhook has at most 64 KiB.")
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    url = settings.public_base_url.rstrip("/") + path + (f"?{query}" if query else "")
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        raise ApiError(400, "not_a_form", "The body is no form in UTF-8.") from None
    signature = request.headers.get("X-Twilio-Signature")
    if not verify(url, pairs, signature, settings.twilio_auth_tokens):
        raise ApiError(403, "bad_signature", "The signature does not fit the public URL and the form.")
    return dict(pairs)


def _required(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise ApiError(400, "field_missing", f"{name} is missing.")
    return form[name]


def _integer(written: str, digits: int) -> int | None:
    return int(written) if written.isascii() and written.isdecimal() and len(written) <= digits else None
