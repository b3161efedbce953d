"""The HTTP doors: who may come in, what they are told, and that no answer and no log line names a patient."""

import json
import logging
from dataclasses import replace

import pytest
from integration.service.world import ADDRESS, ANA, BEN, INDEX, MASTER, event, sid
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from sms_service.settings import Settings
from sms_service.store.database import Database
from sms_service.use_cases import book as book_module
from sms_service.web.app import create_app
from sms_service.web.events import EXAMPLE

PUBLIC = "https://texts.example.org"
TOKENS = ("new-token", "old-token")
CANARIES = ("Canaryname", "2605550177", "canary-words")


def settings(world):
    return Settings.model_construct(
        database_url=world.app_url,
        master_keys=(MASTER,),
        index_keys=(INDEX,),
        public_base_url=PUBLIC,
        twilio_auth_tokens=TOKENS,
    )


@pytest.fixture
def web(world):
    with TestClient(
        create_app(world.service, settings(world)),
        base_url=PUBLIC,
        raise_server_exceptions=False,
        client=("127.0.0.1", 50000),
    ) as client:
        client.headers["X-API-Key"] = world.home.key
        yield client


@pytest.fixture(autouse=True)
def nothing_leaks(caplog):
    """Whatever a test does, its log names no patient."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.records:
        if record.name.startswith(("httpx", "asyncio")):
            continue  # the test's own client
        line = record.getMessage() + str(record.exc_info or "") + (record.exc_text or "")
        for canary in (*CANARIES, ANA, BEN, ANA[1:]):
            assert canary not in line, line


def canary(**said):
    """An event full of what must not come back."""
    return event("booked", "V1", "P1", given="Canaryname", phone="+12605550177", **said)


def problem(answer, status, title):
    assert (answer.status_code, answer.json()["title"]) == (status, title), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) <= {"type", "title", "status", "detail", "problems"}
    assert answer.json()["status"] == status
    assert answer.json()["type"].startswith("urn:sms-service:")
    for held in CANARIES:
        assert held not in answer.text
        assert held not in str(answer.headers)
    return answer.json()


# ---- who may come in

DOORS = [
    ("POST", "/v1/events"),
    ("GET", "/v1/appointments/V1"),
    ("GET", "/v1/messages/1"),
    ("GET", "/v1/messages"),
]


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("key", [None, "", "sms_wrong", "x" * 10_000, "canary-words"])
def test_without_a_good_key_every_door_gives_the_same_answer(web, method, path, key):
    if key is None:
        del web.headers["X-API-Key"]
    else:
        web.headers["X-API-Key"] = key
    problem(web.request(method, path), 401, "unknown_key")


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_a_revoked_key_opens_nothing(world, web, method, path):
    world.do("UPDATE api_keys SET revoked_at = now()")
    problem(web.request(method, path), 401, "unknown_key")


def test_the_key_is_checked_before_the_body_is_read(web):
    web.headers["X-API-Key"] = "wrong"
    problem(web.post("/v1/events", content=b"{" * 1_000_000), 401, "unknown_key")


def test_the_tenant_comes_from_the_key_and_never_from_the_body(world, web):
    other = world.clinic("hill")
    web.post("/v1/events", json=canary() | {"clinic": other.clinic_id, "clinic_id": other.clinic_id})
    assert world.one("SELECT clinic_id FROM appointments") == world.home.clinic_id


def test_another_clinics_visit_and_messages_are_not_there(world, web):
    other = world.clinic("hill")
    world.say("booked", "V1", "P1")
    message = world.message("welcome").id
    web.headers["X-API-Key"] = other.key
    problem(web.get("/v1/appointments/V1"), 404, "unknown_appointment")
    problem(web.get(f"/v1/messages/{message}"), 404, "unknown_message")
    assert web.get("/v1/messages").json() == {"messages": [], "next": None}


# ---- events


def test_an_event_is_answered_once_it_is_in_the_database(world, web):
    body = canary()
    answer = web.post("/v1/events", json=body)
    assert (answer.status_code, answer.json()["outcome"]) == (202, "applied")
    assert world.one("SELECT id FROM events") == answer.json()["event"]
    again = web.post("/v1/events", json=body)
    assert (again.status_code, again.json()["outcome"]) == (200, "duplicate")


def test_a_quarantined_event_names_field_and_cure_and_not_the_value(web):
    answer = web.post("/v1/events", json=canary(type={"code": "canary-words"}))
    assert (answer.status_code, answer.json()["outcome"]) == (202, "quarantined")
    (wrong,) = answer.json()["problems"]
    assert wrong["field"] == "data.appointment.type"
    assert not [held for held in CANARIES if held in answer.text]


@pytest.mark.parametrize(
    ("content", "kind", "status", "title"),
    [
        (b'{"given": "Canaryname"', "application/json", 400, "not_json"),
        (b"\xff\xfeCanaryname", "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "not_json"),
        (b"", "application/json", 400, "not_json"),
        (b'["Canaryname"]', "application/json", 422, "not_an_event"),
        (b'"Canaryname"', "application/json", 422, "not_an_event"),
        (b"null", "application/json", 422, "not_an_event"),
        (b'{"id": "Canaryname"}', "application/cloudevents+json", 422, "not_an_event"),
        (b'{"data": {}, "type": "Canaryname"}', "application/json", 422, "not_an_event"),
        (b"Canaryname=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "text/Canaryname", 415, "unsupported_media_type"),
        (b'"' + b"Canaryname" * 30_000 + b'"', "application/json", 413, "too_large"),
    ],
)
def test_what_is_no_event_is_refused_without_repeating_it(world, web, content, kind, status, title):
    problem(web.post("/v1/events", content=content, headers={"Content-Type": kind}), status, title)
    assert world.one("SELECT count(*) FROM events") == 0


def test_a_deeply_nested_event_is_refused_and_breaks_nothing(web):
    for depth in (50, 200, 500, 900, 3000):
        body = json.dumps(canary()).replace('"Canaryname"', "[" * depth + "]" * depth)
        answer = web.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in {202, 400, 422}, (depth, answer.text)


def test_half_a_surrogate_pair_is_refused_as_no_event(web):
    body = json.dumps(canary()).replace("Canaryname", "\\ud800")
    problem(
        web.post("/v1/events", content=body, headers={"Content-Type": "application/json"}),
        422,
        "not_an_event",
    )


def test_a_body_sent_in_pieces_without_a_length_is_limited_too(web):
    def pieces():
        yield b'"'
        for _ in range(400):
            yield b"Canaryname" * 100

    answer = web.post("/v1/events", content=pieces(), headers={"Content-Type": "application/json"})
    problem(answer, 413, "too_large")


def test_an_unknown_path_and_a_wrong_method_are_problems_too(web):
    assert web.get("/v1/nothing").headers["content-type"] == "application/problem+json"
    assert web.delete("/v1/events").status_code == 405


# ---- when things break


def away(world, web):
    """The service on a database that does not answer."""
    gone = Database("postgresql+psycopg://sms_app:app-secret@127.0.0.1:1/sms", pool_size=1)
    web.app.state.service = replace(world.service, db=gone)


@pytest.mark.parametrize(("method", "path"), [*DOORS, ("GET", "/metrics")])
def test_without_the_database_every_door_asks_to_try_again(world, web, method, path):
    away(world, web)
    answer = web.request(method, path, json=canary() if method == "POST" else None)
    problem(answer, 503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_without_the_database_a_webhook_is_not_answered_with_success(world, web):
    away(world, web)
    problem(
        signed(web, "/v1/twilio/status?a=1", {"MessageSid": "SM1", "MessageStatus": "sent"}),
        503,
        "database_unavailable",
    )


def test_without_the_database_the_process_is_still_alive(world, web):
    away(world, web)
    assert web.get("/healthz").status_code == 200


def test_a_database_that_fails_in_the_middle_leaves_nothing_half_written(world, web, monkeypatch):
    def fail(*_, **__):
        raise book_module.sa.exc.OperationalError(
            "Canaryname", {"phone": "2605550177"}, Exception("canary-words")
        )

    monkeypatch.setattr(book_module, "replan", fail)
    problem(web.post("/v1/events", json=canary()), 503, "database_unavailable")
    for table in ("events", "patients", "appointments", "messages"):
        assert world.one(f"SELECT count(*) FROM {table}") == 0
    monkeypatch.undo()
    assert web.post("/v1/events", json=canary()).status_code == 202


def test_a_fault_of_ours_is_answered_and_logged_without_its_words(world, monkeypatch, caplog):
    def fail(*_, **__):
        raise KeyError("Canaryname canary-words 2605550177")

    monkeypatch.setattr(book_module, "replan", fail)
    # as a server sees it: what the application raises, the server logs with its words
    with TestClient(create_app(world.service, settings(world)), raise_server_exceptions=True) as strict:
        answer = strict.post("/v1/events", json=canary(), headers={"X-API-Key": world.home.key})
    problem(answer, 500, "internal_error")
    assert "KeyError" in caplog.text
    assert world.one("SELECT count(*) FROM events") == 0


# ---- reading


def test_a_visit_is_read_with_its_texts_and_tasks(world, web):
    web.post("/v1/events", json=canary())
    world.run()
    visit = web.get("/v1/appointments/V1").json()
    assert (visit["status"], visit["timezone"], visit["confirmed"]) == ("booked", "America/New_York", False)
    welcome = next(text for text in visit["messages"] if text["step"] == "welcome")
    assert welcome["state"] == "sent"
    assert {task["kind"] for task in visit["tasks"]} >= {"visit_status"}
    assert all(text["explanation"] for text in visit["messages"] if text["reason"])


def test_a_message_tells_its_whole_story(world, web):
    web.post("/v1/events", json=canary())
    world.run()
    world.receipt(world.attempt().id, "delivered")
    story = web.get(f"/v1/messages/{world.message('welcome').id}").json()
    assert story["log"][0]["what"] == "planned"
    assert story["attempts"][0]["body"].startswith("Riverside Clinic")
    assert [receipt["status"] for receipt in story["receipts"]] == ["delivered"]


def test_pages_hold_every_message_once(world, web):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    seen, after = [], 0
    while after is not None:
        page = web.get("/v1/messages", params={"after": after, "limit": 3}).json()
        assert len(page["messages"]) <= 3
        seen += [message["id"] for message in page["messages"]]
        after = page["next"]
    assert seen == [row.id for row in world.all("SELECT id FROM messages ORDER BY id")]


def test_pages_can_be_of_one_visit_or_one_state(world, web):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", phone=BEN)
    found = web.get("/v1/messages", params={"appointment": "V2", "state": "planned"}).json()["messages"]
    assert found
    assert {(message["appointment"], message["state"]) for message in found} == {("V2", "planned")}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages?limit=0",
        "/v1/messages?limit=501",
        "/v1/messages?after=-1",
        "/v1/messages?after=99999999999999999999",
        "/v1/messages?state=Canaryname",
        "/v1/messages?appointment=%00",
        "/v1/messages/99999999999999999999",
        "/v1/messages/0",
        "/v1/messages/Canaryname",
        "/v1/appointments/%00Canaryname",
    ],
)
def test_a_question_that_makes_no_sense_is_refused_without_repeating_it(web, path):
    problem(web.get(path), 422, "invalid_request")


def test_the_openapi_document_describes_every_door_with_examples(web):
    document = web.get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert set(document["paths"]) >= {
        "/v1/events",
        "/v1/appointments/{appointment_id}",
        "/v1/messages",
        "/v1/twilio/status",
        "/v1/twilio/inbound",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    body = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/cloudevents+json"]
    assert body["example"] == EXAMPLE
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["summary"] and operation["responses"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    references = {
        line.split('"')[3] for line in json.dumps(document, indent=0).splitlines() if '"$ref"' in line
    }
    for reference in references:
        part = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_the_example_of_the_documentation_is_taken(world, web):
    answer = web.post("/v1/events", json=EXAMPLE).json()
    assert answer == {"outcome": "applied", "event": world.one("SELECT id FROM events"), "problems": []}


def test_the_numbers_name_no_patient(world, web):
    web.post("/v1/events", json=canary())
    world.run()
    text = web.get("/metrics").text
    assert 'sms_messages{state="sent"} 1.0' in text
    assert not [held for held in CANARIES if held in text]


# ---- webhooks


def signed(web, path, form, token=TOKENS[0], url=None, **headers):
    """Post a form as the provider does; `url` is what was signed."""
    signature = RequestValidator(token).compute_signature((url or PUBLIC) + path, form)
    return web.post(path, data=form, headers={"X-Twilio-Signature": signature, **headers})


def inbound(body="STOP", **said):
    return {"MessageSid": "SM" + "a" * 32, "From": ANA, "To": ADDRESS, "Body": body, **said}


@pytest.mark.parametrize(("its_own", "sid"), [(True, "SMnew"), (False, None)])
def test_a_receipt_binds_a_text_only_with_the_mark_of_its_attempt(world, web, its_own, sid):
    world.say("booked")
    (batch,) = world.tick()
    (request,), _ = world.fence(batch)
    mark = request.mark if its_own else "0" * 16
    form = {"MessageSid": "SMnew", "MessageStatus": "sent", "To": ANA}
    assert signed(web, f"/v1/twilio/status?a={request.attempt_id}&m={mark}", form).status_code == 204
    assert world.attempt().sid == sid


def test_a_signed_receipt_is_in_the_database_before_it_is_answered(world, web):
    world.say("booked")
    world.run()
    attempt = world.attempt()
    answer = signed(
        web, f"/v1/twilio/status?a={attempt.id}", {"MessageSid": attempt.sid, "MessageStatus": "delivered"}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert world.message("welcome").state == "delivered"


def test_a_receipt_carries_its_error_code(world, web):
    world.say("booked")
    world.run()
    attempt = world.attempt()
    form = {"MessageSid": attempt.sid, "MessageStatus": "undelivered", "ErrorCode": "30005"}
    signed(web, f"/v1/twilio/status?a={attempt.id}", form)
    assert world.message("welcome").reason == "number_unusable"


@pytest.mark.parametrize("query", ["", "?a=", "?a=x", "?a=-1", "?a=99999999999999999999", "?a=1&a=2", "?b=1"])
def test_a_receipt_with_a_strange_address_is_kept_and_answered(world, web, query):
    answer = signed(
        web, f"/v1/twilio/status{query}", {"MessageSid": "SMx", "MessageStatus": "sent", "ErrorCode": "x"}
    )
    assert answer.status_code == 204
    assert world.one("SELECT count(*) FROM orphan_receipts") == 1


def test_a_signed_reply_is_acted_on_and_answered_with_nothing(world, web):
    world.say("booked")
    answer = signed(web, "/v1/twilio/inbound", inbound())
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<Message" not in answer.text
    assert world.one("SELECT count(*) FROM suppressions") == 1


def test_blank_and_unknown_fields_are_part_of_what_was_signed(world, web):
    world.say("booked")
    form = inbound("HELP", ToCity="", NewFieldOfTheProvider="é ü", MediaUrl0="")
    assert signed(web, "/v1/twilio/inbound", form).status_code == 200


def test_an_empty_text_is_read_by_a_person(world, web):
    world.say("booked")
    assert signed(web, "/v1/twilio/inbound", inbound("")).status_code == 200
    assert "read_reply" in world.tasks()


def test_the_old_token_still_counts_while_it_rotates(web):
    assert signed(web, "/v1/twilio/inbound", inbound(), token=TOKENS[1]).status_code == 200


@pytest.mark.parametrize("path", ["/v1/twilio/inbound", "/v1/twilio/status?a=1"])
def test_what_is_not_signed_by_the_provider_is_refused_and_nothing_is_stored(world, web, path):
    world.say("booked")
    form = inbound("canary-words", MessageStatus="failed")
    forged = [
        web.post(path, data=form),
        web.post(path, data=form, headers={"X-Twilio-Signature": ""}),
        web.post(path, data=form, headers={"X-Twilio-Signature": "bm90IGl0"}),
        web.post(path, data=form, headers={"X-Twilio-Signature": "ü".encode("latin-1")}),
        signed(web, path, form, token="stolen"),
        signed(web, path, form, token=""),
        signed(web, path, form, url="http://texts.example.org"),
        signed(
            web,
            path,
            form,
            url="https://evil.invalid",
            **{"Host": "evil.invalid", "X-Forwarded-Host": "evil.invalid"},
        ),
    ]
    for answer in forged:
        problem(answer, 403, "bad_signature")
    assert world.one("SELECT count(*) FROM replies") + world.one("SELECT count(*) FROM orphan_receipts") == 0


def test_a_changed_field_or_address_breaks_the_signature(world, web):
    world.say("booked")
    form = inbound("HELP")
    signature = RequestValidator(TOKENS[0]).compute_signature(f"{PUBLIC}/v1/twilio/inbound", form)
    header = {"X-Twilio-Signature": signature}
    problem(
        web.post("/v1/twilio/inbound", data=form | {"Body": "STOP"}, headers=header), 403, "bad_signature"
    )
    problem(web.post("/v1/twilio/inbound?a=2", data=form, headers=header), 403, "bad_signature")
    problem(
        web.post("/v1/twilio/inbound", data=form | {"OptOutType": "STOP"}, headers=header),
        403,
        "bad_signature",
    )
    assert web.post("/v1/twilio/inbound", data=form, headers=header).status_code == 200


def test_without_a_token_no_webhook_is_believed(world):
    bare = settings(world).model_copy(update={"twilio_auth_tokens": ()})
    with TestClient(create_app(world.service, bare), base_url=PUBLIC) as client:
        problem(signed(client, "/v1/twilio/inbound", inbound(), token=""), 403, "bad_signature")


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_signed_reply_without_what_it_needs_is_a_mistake(web, missing):
    form = inbound("canary-words")
    del form[missing]
    problem(signed(web, "/v1/twilio/inbound", form), 400, "field_missing")


def test_a_webhook_that_is_too_large_is_refused(web):
    problem(web.post("/v1/twilio/inbound", content=b"Body=" + b"canary-words" * 6000), 413, "too_large")


def test_a_webhook_that_is_no_form_is_refused(web):
    answer = web.post("/v1/twilio/inbound", content=b"\xff\xfe=canary-words")
    problem(answer, 400, "not_a_form")


@pytest.mark.parametrize("body", ["\x00STOP\x00", "🙂" * 800, "\u202eSTOP", "\ud7ff", "a" * 1600])
def test_whatever_a_patient_can_type_is_taken(world, web, body):
    world.say("booked")
    assert signed(web, "/v1/twilio/inbound", inbound(body)).status_code == 200
    assert world.one("SELECT count(*) FROM replies") == 1


def test_a_reply_delivered_twice_is_answered_twice_and_acted_on_once(world, web):
    world.say("booked")
    world.run()
    for _ in range(2):
        assert signed(web, "/v1/twilio/inbound", inbound("HELP")).status_code == 200
    assert len(world.run()) == 1
    assert sid(1).startswith("SM")
