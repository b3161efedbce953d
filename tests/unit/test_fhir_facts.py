"""One fact of a FHIR resource at a time: status, name, number, language, identity, order of events."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sms_service.intake.canonical import read_event
from sms_service.intake.fhir.datatypes import Period
from sms_service.intake.fhir.delivery import Delivery, Heard, Kind, heard
from sms_service.intake.fhir.periods import current
from sms_service.intake.fhir.reader import fhir_readings, read_fhir
from sms_service.intake.fhir.references import Target, target
from sms_service.intake.fhir.statuses import MEANINGS
from sms_service.intake.problems import Code
from sms_service.intake.profile import Fhir, Profile, profile_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PROFILE = Profile(zone="America/New_York", types={"tpi": "trigger_point_injection"})
BASE = "https://ehr.riverside.example/fhir"
REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
PARTICIPANT = {"actor": {"reference": "Patient/p1"}}
BOOKED = {
    "resourceType": "Appointment",
    "id": "a1",
    "meta": {"lastUpdated": "2026-11-20T15:04:05Z"},
    "status": "booked",
    "start": "2026-12-01T09:30:00-05:00",
    "serviceType": [{"text": "TPI"}],
    "participant": [PARTICIPANT],
}
PATIENT = {"resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": "2026-11-20T15:04:05Z"}}


def deliver(resource, profile=PROFILE):
    body = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
    return read_fhir(body, profile, NOW)


def only(resource, profile=PROFILE):
    (reading,) = deliver(resource, profile).readings
    return reading


def visit(profile=PROFILE, **changed):
    return only(BOOKED | changed, profile)


def patient(profile=PROFILE, **said):
    return only(PATIENT | said, profile).event["data"]["patient"]


def codes(reading):
    return [problem.code for problem in reading.problems]


def bundle(*resources, kind="searchset"):
    entries = [{"fullUrl": f"{BASE}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


@pytest.mark.parametrize(
    ("said", "kind", "status", "reason"),
    [
        ("proposed", "updated", "proposed", None),
        ("pending", "updated", "pending", None),
        ("waitlist", "updated", "waitlist", None),
        ("booked", "booked", "booked", None),
        ("arrived", "arrived", "arrived", None),
        ("checked-in", "arrived", "arrived", None),
        ("fulfilled", "completed", "completed", None),
        ("noshow", "no_show", "no_show", None),
        ("cancelled", "cancelled", "cancelled", None),
        ("entered-in-error", "cancelled", "cancelled", "entered_in_error"),
        (" Booked ", "booked", "booked", None),
    ],
)
def test_a_status_has_one_meaning(said, kind, status, reason):
    reading = visit(status=said)
    assert reading.event["type"] == f"clinic.appointment.{kind}.v1"
    assert reading.event["data"]["appointment"]["status"] == status
    assert reading.event["data"]["appointment"].get("reason") == reason
    assert reading.problems == ()
    assert not read_event(reading.event, PROFILE, NOW).quarantined


def test_the_table_has_every_status_of_fhir():
    r5 = "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist"
    assert set(MEANINGS) == set(r5.split())


@pytest.mark.parametrize("status", ["postponed", "", None])
def test_a_status_that_is_none_is_quarantined_and_not_guessed(status):
    reading = visit(status=status)
    told = [*codes(reading), *(p.code for p in read_event(reading.event, PROFILE, NOW).problems)]
    assert {Code.FIELD_INVALID, Code.FIELD_MISSING} & set(told)
    assert reading.event["data"]["appointment"]["start"] == BOOKED["start"]


@pytest.mark.parametrize(
    ("code", "system", "reason"),
    [
        ("pat", REASONS, "patient"),
        ("pat-crs", REASONS, "patient"),
        ("pat-dec", REASONS, "deceased"),
        ("prov-dch", REASONS, "clinic"),
        ("oth-weath", REASONS, None),
        ("pat", "https://ehr.riverside.example/reasons", None),
        ("patience", REASONS, None),
        (None, REASONS, None),
    ],
)
@pytest.mark.parametrize("field", ["cancelationReason", "cancellationReason"])
def test_who_cancelled_is_told_by_hl7s_own_codes_only(code, system, reason, field):
    reading = visit(status="cancelled", **{field: {"coding": [{"system": system, "code": code}]}})
    assert reading.event["data"]["appointment"].get("reason") == reason


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "noshow"])
def test_what_calls_a_visit_off_needs_neither_time_nor_type_nor_patient(status):
    for start in (None, "", "soon", "2026-12-01"):
        reading = visit(status=status, start=start, serviceType=None, participant=None)
        assert reading.problems == ()
        assert not read_event(reading.event, PROFILE, NOW).quarantined


NAMES = {
    "usual": {"use": "usual", "given": ["Ana"]},
    "official": {"use": "official", "given": ["Ana María"]},
    "plain": {"given": ["Anita"]},
    "nickname": {"use": "nickname", "given": ["Nina"]},
    "old": {"use": "old", "given": ["Hana"]},
    "maiden": {"use": "maiden", "given": ["Hana"]},
    "ended": {"use": "usual", "given": ["Hana"], "period": {"end": "2026-11-23"}},
    "to come": {"use": "usual", "given": ["Hana"], "period": {"start": "2027"}},
    "text": {"use": "usual", "text": "Rivera, Ana"},
}


@pytest.mark.parametrize(
    ("held", "given"),
    [
        (["official", "usual"], "Ana"),
        (["old", "official"], "Ana María"),
        (["nickname", "plain"], "Anita"),
        (["nickname"], "Nina"),
        (["ended", "to come", "official"], "Ana María"),
        (["text", "official"], "Ana María"),
        (["old", "maiden", "ended"], None),
        (["text"], None),
    ],
)
def test_a_patient_is_called_by_the_usual_current_given_name(held, given):
    assert patient(name=[NAMES[name] for name in held]).get("given") == given


NUMBERS = {
    "mobile": {"system": "phone", "use": "mobile", "value": "212-555-0151"},
    "first": {"system": "phone", "use": "mobile", "value": "212-555-0152", "rank": 1},
    "second": {"system": "phone", "use": "mobile", "value": "212-555-0153", "rank": 2},
    "sms": {"system": "sms", "value": "+1 212 555 0154"},
    "home": {"system": "phone", "use": "home", "value": "212-555-0155", "rank": 1},
    "work": {"system": "phone", "use": "work", "value": "212-555-0156", "rank": 1},
    "ended": {"system": "phone", "use": "mobile", "value": "212-555-0157", "period": {"end": "2020"}},
    "unclear": {"system": "phone", "use": "mobile", "value": "212-555-0158", "period": {"end": "soon"}},
    "old": {"system": "phone", "use": "old", "value": "212-555-0159"},
    "nonsense": {"system": "phone", "use": "mobile", "value": "none", "rank": 1},
    "mail": {"system": "email", "value": "ana@example.org"},
    "fax": {"system": "fax", "value": "212-555-0160"},
    "nothing": {"system": "phone", "use": "mobile"},
}


@pytest.mark.parametrize(
    ("held", "phone"),
    [
        (["home", "mobile"], "+12125550151"),
        (["mobile", "second", "first"], "+12125550152"),
        (["home", "sms"], "+12125550154"),
        (["work", "home"], "+12125550155"),
        (["work"], "+12125550156"),
        (["ended", "unclear", "old", "home"], "+12125550155"),
        (["nonsense", "mobile"], "+12125550151"),
        (["nonsense"], "none"),
        (["ended", "old"], None),
        (["mail", "fax", "nothing"], "unchanged"),
        ([], "unchanged"),
    ],
)
def test_the_live_mobile_number_of_the_lowest_rank_is_taken(held, phone):
    assert patient(telecom=[NUMBERS[name] for name in held]).get("phone", "unchanged") == phone


def concept(text=None, **coding):
    return {"coding": [coding], **({"text": text} if text else {})} if coding else {"text": text}


BCP = "urn:ietf:bcp:47"
SPANISH = {"language": concept(system=BCP, code="es-MX")}
RUSSIAN = {"language": concept(system=BCP, code="ru")}


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ([SPANISH], "es"),
        ([RUSSIAN, SPANISH | {"preferred": True}], "es"),
        (
            [{"language": {"coding": [{"system": "urn:x", "code": "151"}, {"system": BCP, "code": "es"}]}}],
            "es",
        ),
        ([{"language": {"coding": [{"system": "urn:x", "code": "CA", "display": "Cantonese"}]}}], "zh_Hant"),
        ([{"language": {"coding": [{"code": "spa"}]}}], "es"),
        ([{"language": {"text": "Español"}}], "es"),
        ([{"language": {"text": "Haitian Creole"}, "preferred": True}], "ht"),
        ([{"language": concept(system=BCP, code="zh-Hant-HK")}], "zh_Hant"),
        ([SPANISH, {"language": {"text": "Spanish"}}], "es"),
        ([SPANISH, {"language": {"text": "Signing, mostly"}}], "es"),
        ([SPANISH, {"language": {"text": "Unknown"}, "preferred": True}], "es"),
        ([{"language": {"text": "Unknown"}}], None),
        ([{"language": concept(system=BCP, code="und", display="Undetermined")}], None),
        ([{"preferred": True}], None),
        ([], None),
    ],
)
def test_the_preferred_language_is_read_from_its_tag_else_from_its_words(said, language):
    reading = only(PATIENT | {"communication": said})
    assert reading.problems == ()
    assert reading.event["data"]["patient"].get("language") == language


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([SPANISH, RUSSIAN], id="several and none preferred"),
        pytest.param([{"language": {"text": "Signing, mostly"}}], id="no language"),
        pytest.param(
            [SPANISH, {"language": {"text": "Signing"}, "preferred": True}], id="preferred and unread"
        ),
        pytest.param([{"language": concept(system="urn:x", code="151")}], id="a code of their own"),
    ],
)
def test_a_language_that_was_mentioned_and_cannot_be_read_is_told(said):
    reading = only(PATIENT | {"communication": said})
    told = [*codes(reading), *(p.code for p in read_event(reading.event, PROFILE, NOW).problems)]
    assert told == [Code.LANGUAGE_UNKNOWN]


MRN, CSN = "https://ehr.riverside.example/mrn", "https://ehr.riverside.example/csn"
CHOSEN = Profile(zone="America/New_York", fhir=Fhir(appointment_system=CSN, patient_system=MRN))
SERVER = Profile(zone="America/New_York", fhir=Fhir(server=BASE))


def names(resource, profile):
    data = only(resource, profile).event["data"]
    return data["appointment"].get("id"), data.get("patient", {}).get("id")


def test_without_a_choice_names_are_the_ids_of_the_resources():
    assert names(bundle(BOOKED, PATIENT), PROFILE) == ("a1", "p1")
    assert names(BOOKED, PROFILE) == ("a1", "p1")


def test_a_feed_with_a_server_has_urls_whether_the_body_has_them_or_not():
    expected = (f"{BASE}/Appointment/a1", f"{BASE}/Patient/p1")
    assert names(bundle(BOOKED, PATIENT), SERVER) == expected
    assert names(BOOKED, SERVER) == expected


def test_a_chosen_identifier_names_visit_and_patient():
    visit_number = [
        {"system": CSN, "value": "old", "period": {"end": "2020"}},
        {"system": CSN, "value": "600147"},
    ]
    record = PATIENT | {"identifier": [{"system": "urn:ssn", "value": "0"}, {"system": MRN, "value": "482"}]}
    assert names(bundle(BOOKED | {"identifier": visit_number}, record), CHOSEN) == ("600147", "482")
    logical = {"actor": {"type": "Patient", "identifier": {"system": MRN, "value": "482"}}}
    assert names(BOOKED | {"identifier": visit_number, "participant": [logical]}, CHOSEN) == ("600147", "482")


def test_without_the_chosen_identifier_nothing_is_stored_under_another_name():
    reading = only(BOOKED, CHOSEN)
    assert codes(reading) == [Code.FIELD_MISSING, Code.PATIENT_UNKNOWN]
    assert names(BOOKED, CHOSEN) == (None, None)
    assert deliver(BOOKED, CHOSEN).fetch == ("Patient/p1",)


def test_contained_patients_of_two_visits_are_never_taken_for_one():
    contained = {
        "contained": [{"resourceType": "Patient", "id": "1"}],
        "participant": [{"actor": {"reference": "#1"}}],
    }
    first, second = (names(BOOKED | contained | {"id": name}, PROFILE)[1] for name in ("a1", "a2"))
    assert (first, second) == ("a1#patient", "a2#patient")


def test_the_same_id_on_another_server_is_somebody_else():
    elsewhere = {"actor": {"reference": "https://other.example/fhir/Patient/p1"}}
    delivery = deliver(
        bundle(BOOKED | {"participant": [elsewhere]}, PATIENT | {"name": [{"given": ["Ana"]}]})
    )
    visits = [each for each in delivery.readings if "appointment" in each.event["data"]]
    assert [each.event["data"]["patient"] for each in visits] == [{"id": "p1"}]
    assert delivery.fetch == ("https://other.example/fhir/Patient/p1",)


def test_r5s_subject_is_the_patient_when_no_participant_is():
    subject = visit(subject={"reference": "Patient/p1"}, participant=[{"actor": {"reference": "Location/1"}}])
    assert subject.event["data"]["patient"] == {"id": "p1"}
    group = visit(subject={"reference": "Group/g1"}, participant=None)
    assert codes(group) == [Code.PATIENT_UNKNOWN]


def test_who_is_seen_is_told_before_who_assists_and_a_place_by_its_id_at_last():
    role = {"coding": [{"code": "ATND"}]}
    said = visit(
        participant=[
            PARTICIPANT,
            {"actor": {"reference": "PractitionerRole/r1"}, "type": [role]},
            {"actor": {"reference": "Practitioner/dr1", "display": " "}, "type": [role]},
            {"actor": {"reference": "Practitioner/dr2", "display": "Dr Lind"}},
            {"actor": {"reference": "Location/loc-1"}},
        ]
    ).event["data"]["appointment"]
    assert (said["provider"], said["location"]) == ("Dr Lind", "loc-1")


def test_a_record_is_merged_into_one_that_the_feed_knows_by_name():
    survivor = {"resourceType": "Patient", "id": "p2", "identifier": [{"system": MRN, "value": "483"}]}
    gone = PATIENT | {
        "identifier": [{"system": MRN, "value": "482"}],
        "link": [
            {"type": "seealso", "other": {"reference": "Patient/p9"}},
            {"type": "replaced-by"},
            {"type": "replaced-by", "other": {"reference": "Patient/p2"}},
        ],
    }
    merged = {r.event["subject"]: r for r in deliver(bundle(gone, survivor), CHOSEN).readings}
    assert merged["patient/482"].event["data"]["patient"]["merged_into"] == "483"
    unknown = only(gone, CHOSEN)
    assert [(p.code, p.field) for p in unknown.problems] == [
        (Code.PATIENT_UNKNOWN, "data.patient.merged_into")
    ]


def test_of_several_versions_of_a_patient_the_latest_goes_with_the_visit():
    versions = [
        PATIENT | {"name": [{"given": [name]}], "meta": {"lastUpdated": f"2026-11-{day}T00:00:00Z"}}
        for name, day in (("Hana", 10), ("Ana", 12), ("Anna", 11))
    ]
    first = deliver(bundle(BOOKED, *versions, kind="history")).readings[0]
    assert first.event["data"]["patient"]["given"] == "Ana"


@pytest.mark.parametrize("own", ["\x00", "a/b", "", "../x", "x" * 600, "a b"])
def test_an_id_that_no_url_can_hold_is_none_wherever_it_is_kept(own):
    strange = BOOKED | {"id": own}
    kept = {"resourceType": "Bundle", "entry": [{"fullUrl": f"{BASE}/Appointment/a1", "resource": strange}]}
    assert codes(only(strange)) == [Code.FIELD_MISSING]
    assert codes(only(kept)) == [Code.FIELD_MISSING]


def test_visits_without_ids_are_not_versions_of_each_other():
    numbered = [
        BOOKED | {"id": None, "meta": None, "identifier": [{"system": CSN, "value": n}]} for n in "12"
    ]
    body = {"resourceType": "Bundle", "entry": [{"resource": each} for each in numbered]}
    assert [codes(each) for each in deliver(body, CHOSEN).readings] == [[Code.PATIENT_UNKNOWN]] * 2


def test_a_deletion_under_a_chosen_identifier_cannot_say_which_visit_it_was():
    gone = {
        "request": {"method": "DELETE", "url": "Appointment/a1"},
        "response": {"lastModified": "2026-11-22T08:00:00Z"},
    }
    assert codes(only({"resourceType": "Bundle", "entry": [gone]}, CHOSEN)) == [Code.FIELD_MISSING]
    person = {"request": {"method": "DELETE", "url": "Patient/p1"}}
    other = {"request": {"method": "DELETE", "url": "Encounter/e1"}}
    assert deliver({"resourceType": "Bundle", "entry": [person, other]}).fetch == ("Patient/p1",)


def test_a_patient_named_twice_is_one_and_two_are_not_chosen_from():
    twice = visit(participant=[PARTICIPANT, {"actor": {"reference": "Patient/p1/_history/3"}}])
    assert twice.event["data"]["patient"] == {"id": "p1"}
    two = visit(participant=[PARTICIPANT, {"actor": {"reference": "Patient/p2"}}])
    assert codes(two) == [Code.PATIENT_UNKNOWN]
    assert "patient" not in two.event["data"]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Patient/p1", Target(base="", type="Patient", id="p1")),
        ("Patient/p1/_history/2-1", Target(base="", type="Patient", id="p1")),
        (f"{BASE}/Patient/p1", Target(base=BASE, type="Patient", id="p1")),
        ("#p1", None),
        ("urn:uuid:7b1d", None),
        ("Patient?identifier=1", None),
        ("Patient/../Binary/1", None),
        ("Patient/p1?x=1", None),
        ("ftp://ehr.example/Patient/p1", None),
        ("https://ehr.example/Patient/p 1", None),
        ("Patient/" + "9" * 5000, None),
        (None, None),
    ],
)
def test_a_literal_reference_leads_to_one_resource_and_nothing_else_is_followed(reference, expected):
    assert target(reference) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, True),
        ("2026", None, True),
        ("2026-11-24T11:00:00Z", "2026-11-24T13:00:00Z", True),
        (None, "2026-11-24T13:00:00+02:00", False),
        (None, "2026-11", True),
        (None, "2026-10", False),
        (None, "2026-11-24", True),
        (None, "2026-11-24T13:00:00", False),
        ("2026-11-25", None, False),
        ("0000", "9999", True),
        (None, "never", False),
    ],
)
def test_a_period_is_as_precise_as_it_is_written(start, end, expected):
    assert current(Period(start=start, end=end), NOW) is expected


def test_the_type_is_the_one_that_the_feed_maps_wherever_it_stands():
    said = visit(
        serviceType=[{"coding": [{"system": "urn:x", "code": "52", "display": "Pain medicine"}]}],
        appointmentType={"text": "Follow-up"},
        reasonCode=[{"coding": [{"code": "TPI"}]}],
    ).event["data"]["appointment"]["type"]
    assert (said["code"], said["text"]) == ("TPI", "Pain medicine")
    assert [coding["code"] for coding in said["codings"]] == ["52", "TPI"]


def test_the_type_of_r5_stands_one_level_deeper():
    said = visit(serviceType=[{"concept": {"text": "TPI"}}, {"reference": {"display": "Pain clinic"}}])
    assert said.event["data"]["appointment"]["type"] == {"text": "TPI"}


@pytest.mark.parametrize("missing", ["start", "serviceType", "participant"])
def test_a_booking_that_no_text_can_follow_from_is_told(missing):
    expected = {
        "start": Code.TIME_MISSING,
        "serviceType": Code.TYPE_UNMAPPED,
        "participant": Code.PATIENT_UNKNOWN,
    }
    assert codes(visit(**{missing: None})) == [expected[missing]]


@pytest.mark.parametrize("start", ["2026-12-02T00:00:00Z", "2026-12-02T00:00:00.000+00:00"])
def test_four_in_los_angeles_is_a_time_of_day_though_it_is_midnight_in_utc(start):
    read = read_event(visit(start=start).event, Profile(zone="America/Los_Angeles"), NOW)
    assert read.event.appointment["start"] == "2026-12-01T19:00:00"  # the feed's zone travels in the event
    western = Profile(zone="America/Los_Angeles")
    read = read_event(visit(western, start=start).event, western, NOW)
    assert read.event.appointment["start"] == "2026-12-01T16:00:00"


@pytest.mark.parametrize("start", ["2026-12-01", "2026-12-01T00:00:00", "2026-12-01T00:00:00-05:00"])
def test_a_day_alone_is_no_time_of_day(start):
    read = read_event(visit(start=start).event, PROFILE, NOW)
    assert Code.TIME_MISSING in [problem.code for problem in read.problems]


def test_without_last_updated_the_receipt_is_the_version_and_an_opaque_version_is_none():
    reading = visit(meta={"versionId": "2027-01-01T00:00:00Z"})
    assert reading.event["data"]["version"]["at"] == "2026-11-24T12:00:00Z"
    assert reading.problems == ()
    moved_back = read_fhir(json.dumps(BOOKED | {"meta": None}).encode(), PROFILE, NOW.replace(hour=13))
    assert moved_back.readings[0].event["id"] != reading.event["id"]


def test_an_answer_to_a_search_is_as_new_as_its_newest_part_and_a_notification_is_not():
    newer = PATIENT | {"meta": {"lastUpdated": "2026-11-22T00:00:00Z"}}
    assert only(bundle(BOOKED, newer)).event["time"] == "2026-11-22T00:00:00Z"
    first, second = deliver(bundle(BOOKED, newer, kind="history")).readings
    assert (first.event["time"], second.event["time"]) == ("2026-11-20T15:04:05Z", "2026-11-22T00:00:00Z")


@pytest.mark.parametrize("resource", ["Appointment", "Patient"])
def test_a_modifier_extension_is_not_read_past(resource):
    modified = (BOOKED if resource == "Appointment" else PATIENT) | {
        "modifierExtension": [{"url": "urn:not"}]
    }
    reading = only(modified)
    assert [(p.code, p.field) for p in reading.problems] == [
        (Code.FIELD_INVALID, f"{resource}.modifierExtension")
    ]


def test_what_is_wrong_where_nobody_looks_does_not_matter():
    noise = {"priority": "high", "slot": 7, "text": None, "comment": ["\u0000"], "extension": {"a": 1}}
    assert visit(**noise).problems == ()
    assert visit(**noise).event == visit().event


def test_null_is_absent_everywhere():
    nothing = dict.fromkeys(
        [
            "meta",
            "contained",
            "identifier",
            "minutesDuration",
            "end",
            "reasonCode",
            "appointmentType",
            "subject",
        ]
    )
    assert visit(**nothing).problems == ()


def test_a_settings_file_names_server_and_systems():
    settings = {"fhir": {"server": BASE + "/", "patient_system": MRN}}
    assert profile_of(settings, "America/New_York").fhir == Fhir(server=BASE, patient_system=MRN)
    assert profile_of({}, "America/New_York").fhir == Fhir()


@pytest.mark.parametrize(
    ("label", "body", "kind", "code"),
    [
        ("nothing", b"", Kind.EMPTY, None),
        ("white space", b" \r\n", Kind.EMPTY, None),
        ("XML", b"<Appointment xmlns='http://hl7.org/fhir'/>", Kind.UNREADABLE, Code.PARSE_ERROR),
        ("half a body", b'{"resourceType": "Appointment", "id": "a', Kind.UNREADABLE, Code.PARSE_ERROR),
        ("deep", b'{"resourceType":"Patient","x":' + b"[" * 100_000, Kind.UNREADABLE, Code.PARSE_ERROR),
        ("a list", b"[]", Kind.UNREADABLE, Code.MESSAGE_UNSUPPORTED),
        ("a number", b"1e999", Kind.UNREADABLE, Code.MESSAGE_UNSUPPORTED),
        ("no type", b"{}", Kind.UNREADABLE, Code.MESSAGE_UNSUPPORTED),
        ("another type", b'{"resourceType":"Encounter"}', Kind.UNREADABLE, Code.MESSAGE_UNSUPPORTED),
        ("parameters", b'{"resourceType":"Parameters"}', Kind.UNREADABLE, Code.MESSAGE_UNSUPPORTED),
    ],
)
def test_what_is_no_event_has_an_answer(label, body, kind, code):
    delivery = deliver(body)
    assert delivery.kind is kind, label
    assert [codes(each) for each in delivery.readings] == ([[code]] if code else [])
    assert delivery.asks_for_search is (kind is Kind.EMPTY)


def test_a_message_without_an_event_is_one_reading_with_nothing_wrong():
    heartbeat = b'{"resourceType":"SubscriptionStatus","type":"heartbeat"}'
    assert [(each.event, each.problems) for each in fhir_readings(heartbeat, PROFILE, NOW)] == [(None, ())]
    assert fhir_readings(json.dumps(BOOKED).encode(), PROFILE, NOW) == (visit(),)


def test_a_byte_order_mark_is_skipped():
    assert only(b"\xef\xbb\xbf" + json.dumps(BOOKED).encode()) == visit()


def test_a_body_in_another_charset_shows_what_can_be_read_and_is_not_applied():
    reading = only(json.dumps(PATIENT | {"name": [{"given": ["José"]}]}, ensure_ascii=False).encode("cp1252"))
    assert codes(reading) == [Code.PARSE_ERROR]
    assert reading.event["data"]["patient"] == {"id": "p1", "given": "Jos\ufffd"}


def numbered(*numbers, since=None, kind=Kind.NOTIFICATION):
    return Delivery(kind=kind, events_since_start=since, event_numbers=numbers)


@pytest.mark.parametrize(
    ("label", "last_seen", "delivery", "expected"),
    [
        ("the next", 2, numbered(3, since=3), Heard(last_seen=3)),
        ("the next three", 2, numbered(3, 4, 5, since=5), Heard(last_seen=5)),
        ("one is missing", 2, numbered(4, since=4), Heard(last_seen=4, missed=1)),
        ("one inside is missing", 2, numbered(3, 5, since=5), Heard(last_seen=5, missed=1)),
        ("the count runs ahead of the events", 2, numbered(3, since=6), Heard(last_seen=6, missed=3)),
        ("late", 5, numbered(3, since=3), Heard(last_seen=5)),
        ("again", 3, numbered(3, since=3), Heard(last_seen=3)),
        ("heartbeat in step", 3, numbered(since=3, kind=Kind.HEARTBEAT), Heard(last_seen=3)),
        ("heartbeat ahead", 3, numbered(since=5, kind=Kind.HEARTBEAT), Heard(last_seen=5, missed=2)),
        ("first handshake", 0, numbered(since=0, kind=Kind.HANDSHAKE), Heard(last_seen=0)),
        ("a new count", 7, numbered(since=0, kind=Kind.HANDSHAKE), Heard(last_seen=0)),
        ("handshake after silence", 7, numbered(since=9, kind=Kind.HANDSHAKE), Heard(last_seen=9, missed=2)),
        ("never heard before", 0, numbered(4, since=4), Heard(last_seen=4, missed=3)),
        ("no numbers at all", 3, Delivery(kind=Kind.RESOURCE), Heard(last_seen=3)),
    ],
)
def test_a_gap_is_decided_by_the_last_number_that_was_seen(label, last_seen, delivery, expected):
    assert heard(last_seen, delivery) == expected, label
    assert heard(last_seen, delivery).gap is (expected.missed > 0)


@pytest.mark.parametrize("count", ["2", 2, " 2 "])
def test_counts_are_text_or_number(count):
    status = {
        "resourceType": "SubscriptionStatus",
        "type": "heartbeat",
        "eventsSinceSubscriptionStart": count,
    }
    assert deliver(status).events_since_start == 2


@pytest.mark.parametrize("count", ["-1", -1, "two", "٢", "9" * 30, 10**30, 2.5, True, [2]])
def test_a_count_that_is_none_is_told_and_not_taken_for_zero(count):
    status = {
        "resourceType": "SubscriptionStatus",
        "type": "heartbeat",
        "eventsSinceSubscriptionStart": count,
    }
    delivery = deliver(status)
    assert delivery.events_since_start is None
    assert [codes(each) for each in delivery.readings] == [[Code.FIELD_INVALID]]


def test_what_an_entry_of_a_bundle_cannot_be_is_told_once():
    strange = {"resourceType": "Bundle", "entry": [{"resource": 5}, {"resource": bundle(BOOKED)}, 7, {}]}
    (reading,) = deliver(strange).readings
    assert reading.event is None
    assert [problem.field for problem in reading.problems] == [
        "Bundle.entry[2]",
        "Bundle.entry[0].resource",
        "Bundle.entry[1].resource",
    ]
