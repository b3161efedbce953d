"""Whatever bytes come, the FHIR door answers: no crash, no hang, no patient in an error, no guess."""

from __future__ import annotations

import copy
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_service.intake.canonical import read_event
from sms_service.intake.fhir.delivery import Delivery, Kind, heard
from sms_service.intake.fhir.reader import read_fhir
from sms_service.intake.problems import NotAnEventError
from sms_service.intake.profile import Fhir, Profile

FILES = sorted((Path(__file__).parents[1] / "samples" / "fhir").glob("*.json"))
SAMPLES = [json.loads(file.read_text(encoding="utf-8")) for file in FILES]
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PROFILES = [
    Profile(zone="America/New_York", types={"tpi": "trigger_point_injection"}),
    Profile(fhir=Fhir(server="https://ehr.riverside.example/fhir/r4")),
    Profile(zone="nowhere", country="", fhir=Fhir(appointment_system="urn:a", patient_system="urn:p")),
]
#: Words of the samples' patients that no problem may repeat.
_SECRETS = ("Ana", "Rivera", "555", "Linh", "Nina", "RIVERA")

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)  # JSON has neither
    | st.text(max_size=8)
    | st.sampled_from(
        ["Patient", "Appointment", "Bundle", "SubscriptionStatus", "Parameters", "#1", "Patient/1"]
    )
    | st.sampled_from(
        ["2026-12-01T09:30:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "\x00"]
    )
)
FIELDS = sorted(
    {"resourceType", "id", "meta", "lastUpdated", "status", "type", "start", "end", "participant", "actor"}
    | {
        "reference",
        "contained",
        "entry",
        "resource",
        "fullUrl",
        "request",
        "response",
        "method",
        "url",
        "name",
    }
    | {
        "telecom",
        "system",
        "value",
        "communication",
        "language",
        "coding",
        "code",
        "parameter",
        "valueString",
    }
    | {
        "notificationEvent",
        "focus",
        "eventNumber",
        "link",
        "other",
        "identifier",
        "serviceType",
        "lastModified",
    }
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=30,
)


def answered(body, profile=PROFILES[0]):
    """The delivery of a body, after everything that has to hold of any."""
    delivery = read_fhir(body, profile, NOW)
    assert delivery.readings or delivery.fetch or delivery.kind is not Kind.RESOURCE
    for reading in delivery.readings:
        assert reading.event is not None or reading.problems
        told = "".join(f"{problem.field} {problem.detail}" for problem in reading.problems)
        assert not [secret for secret in _SECRETS if secret in told]
        if reading.event is not None:
            try:
                read = read_event(reading.event, profile, NOW)
            except NotAnEventError:
                assert reading.problems  # never a surprise: the door had said what is missing
            else:
                assert read.event.at <= NOW + timedelta(minutes=5)
    return delivery


def places(held, path=()):
    """Every path into a JSON value."""
    yield path
    inner = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def changed(sample, path, value):
    """The sample with another value at a path."""
    if not path:
        return value
    body = copy.deepcopy(sample)
    held = body
    for key in path[:-1]:
        held = held[key]
    held[path[-1]] = value
    return body


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(PROFILES))
def test_bytes_have_an_answer(body, profile):
    answered(body, profile)


@settings(max_examples=200, deadline=None)
@given(values, st.sampled_from(PROFILES))
def test_json_has_an_answer(body, profile):
    answered(json.dumps(body).encode(), profile)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(SAMPLES), st.sampled_from(PROFILES))
def test_a_sample_with_anything_anywhere_has_an_answer(data, sample, profile):
    path = data.draw(st.sampled_from(list(places(sample))))
    answered(json.dumps(changed(sample, path, data.draw(values))).encode(), profile)


@settings(deadline=None)
@given(st.data(), st.sampled_from(FILES))
def test_a_sample_cut_or_spoilt_anywhere_has_an_answer(data, file):
    body = file.read_bytes()
    at = data.draw(st.integers(0, len(body)))
    answered(body[:at])
    answered(body[:at] + data.draw(st.binary(max_size=3)) + body[at + 1 :])


@settings(deadline=None)
@given(st.data(), st.sampled_from(SAMPLES))
def test_what_nobody_reads_changes_nothing(data, sample):
    paths = [path for path in places(sample) if isinstance(_at(sample, path), dict)]
    path = data.draw(st.sampled_from(paths))
    noisy = changed(sample, path, _at(sample, path) | {"x-noise": data.draw(values)})
    assert read_fhir(_body(noisy), PROFILES[0], NOW) == read_fhir(_body(sample), PROFILES[0], NOW)


@settings(deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_a_searchs_answer_does_not_matter(order):
    sample = next(each for each in SAMPLES if each.get("type") == "collection")
    shuffled = sample | {"entry": [sample["entry"][index] for index in order] + sample["entry"][4:]}
    assert _events(shuffled) == _events(sample)


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.data())
def test_a_lost_notification_is_noticed_by_the_next_and_a_late_one_is_no_gap(sizes, data):
    ends = [sum(sizes[: index + 1]) for index in range(len(sizes))]
    sent = [
        Delivery(
            kind=Kind.NOTIFICATION,
            events_since_start=end,
            event_numbers=tuple(range(end - size + 1, end + 1)),
        )
        for size, end in zip(sizes, ends, strict=True)
    ]
    lost = data.draw(st.sets(st.integers(0, len(sent) - 1)))
    last, missed = 0, 0
    for index, delivery in enumerate(sent):
        if index not in lost:
            now = heard(last, delivery)
            last, missed = now.last_seen, missed + now.missed
            assert heard(last, delivery).missed == 0
    seen = [index for index in range(len(sent)) if index not in lost]
    assert missed == sum(sizes[index] for index in lost if seen and index < seen[-1])


@pytest.mark.parametrize(
    ("label", "body"),
    [
        ("lists", b'{"resourceType":"Patient","name":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
        ("objects", b'{"resourceType":"Appointment","x":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001),
        ("bundles", b'{"resourceType":"Bundle","entry":[{"resource":' * 400 + b"{}" + b"}]}" * 400),
        ("numbers", b'{"resourceType":"Patient","id":' + b"9" * 100_000 + b"}"),
        ("exponents", b'{"resourceType":"Appointment","minutesDuration":1e999999,"priority":1e999999}'),
        ("wrong entries", b'{"resourceType":"Bundle","entry":[' + b"1," * 100_000 + b"1]}"),
        ("empty entries", b'{"resourceType":"Bundle","entry":[' + b"{}," * 60_000 + b"{}]}"),
        ("no resources", b'{"resourceType":"Bundle","entry":[' + b'{"resource":1},' * 15_000 + b"{}]}"),
        ("half a pair", b'{"resourceType":"Patient","id":"p","name":[{"given":["\\ud800"]}]}'),
        ("NUL", b'{"resourceType":"Patient","id":"p\\u0000","name":[{"given":["A\\u0000"]}]}'),
    ],
)
def test_what_is_made_to_hurt_is_answered_at_once_and_in_few_words(label, body):
    began = time.process_time()
    delivery = answered(body)
    assert time.process_time() - began < 5, label
    assert sum(len(reading.problems) for reading in delivery.readings) < 50, label


def _at(held, path):
    for key in path:
        held = held[key]
    return held


def _body(sample):
    return json.dumps(sample).encode()


def _events(sample):
    return [reading.event for reading in read_fhir(_body(sample), PROFILES[0], NOW).readings]
