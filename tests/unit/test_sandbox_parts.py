"""The sandbox's pure parts: keywords, TwiML, faults, roads, dates."""

import json

import pytest

from sms_service.sandbox.create_request import CreateRequest, create_request
from sms_service.sandbox.database import Database
from sms_service.sandbox.errors import Refusal
from sms_service.sandbox.fault_settings import change_faults
from sms_service.sandbox.faults import Faults
from sms_service.sandbox.label_clock import LabelClock, label
from sms_service.sandbox.listing import listing_from
from sms_service.sandbox.messages import Messages
from sms_service.sandbox.new_message import NewMessages
from sms_service.sandbox.opt_out import keyword
from sms_service.sandbox.statuses import goal_for, passed, road
from sms_service.sandbox.twiml import replies

GOOD = {"To": "+12605550123", "From": "+15005550006", "Body": "Hello"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "12345"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550009"}, 21614),
        ({"From": ""}, 21603),
        ({"From": "no-one!"}, 21212),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550007"}, 21606),
        ({"From": "+15005550008"}, 21611),
        ({"From": "+12605550123"}, 21266),
        ({"MessagingServiceSid": "MG1"}, 21701),
        ({"Body": " "}, 21602),
        ({"Body": "a" * 1601}, 21617),
        ({"StatusCallback": "ftp://clinic.example"}, 21609),
        ({"StatusCallback": "https://two_words.example/"}, 21609),
        ({"StatusCallback": "https://clinic.example/" + "a" * 4000}, 21609),
        ({"SendAt": "2026-12-01T09:00:00Z"}, 35118),
        ({"MessagingServiceSid": "MG" + "a" * 32, "SendAt": "tomorrow"}, 20001),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "1.5"}, 21624),
        ({"ValidityPeriod": "-5"}, 21624),
        ({"ContentRetention": "forget"}, 30029),
        ({"AddressRetention": "discard"}, 30030),
        ({"StatusCallback": "//clinic.example/"}, 21609),
        ({"StatusCallback": "https:///path"}, 21609),
        ({"StatusCallback": "http://[::1/"}, 21609),
    ],
)
def test_a_bad_request_is_refused_with_twilios_code(change, code):
    refused = create_request(GOOD | change)
    assert isinstance(refused, Refusal)
    assert refused.code == code


@pytest.mark.parametrize(
    ("change", "validity"),
    [({}, 36_000), ({"ValidityPeriod": "1"}, 1), ({"ValidityPeriod": "36000"}, 36_000)],
)
def test_a_validity_of_up_to_ten_hours_is_taken(change, validity):
    wanted = create_request(GOOD | change)
    assert isinstance(wanted, CreateRequest)
    assert wanted.validity_s == validity


@pytest.mark.parametrize(
    ("change", "begins"),
    [({}, None), ({"MessagingServiceSid": "MG" + "a" * 32, "SendAt": "2026-12-01T09:00:00Z"}, 1796115600.0)],
)
def test_a_validity_counts_from_the_moment_a_message_may_go(tmp_path, change, begins):
    database = Database(tmp_path / "sandbox.sqlite")
    new = NewMessages(Messages(database), Faults(), LabelClock(database))
    wanted = create_request(GOOD | {"ValidityPeriod": "60"} | change)
    assert isinstance(wanted, CreateRequest)
    message = new.requested(wanted, GOOD["From"])
    database.close()
    assert message.expires_at == (begins or message.created_at) + 60


@pytest.mark.parametrize(
    ("code", "goal"), [(None, "delivered"), (30001, "failed"), (30036, "failed"), (30003, "undelivered")]
)
def test_an_error_leads_to_the_end_that_twilio_gives_it(code, goal):
    assert goal_for(code) == goal


def test_the_valid_test_number_is_taken_as_either_end():
    assert isinstance(create_request(GOOD | {"From": "+15005550006"}), CreateRequest)
    assert isinstance(create_request(GOOD | {"To": "+15005550006", "From": "+15005550010"}), CreateRequest)


def test_1600_characters_are_still_accepted():
    assert not isinstance(create_request(GOOD | {"Body": "a" * 1600}), Refusal)


@pytest.mark.parametrize(
    ("body", "kind"), [("stop", "STOP"), (" Optout ", "STOP"), ("YES", "START"), ("info", "HELP")]
)
def test_a_single_opt_out_word_is_recognised(body, kind):
    word = keyword(body)
    assert word is not None
    assert word.type == kind


def test_a_sentence_with_an_opt_out_word_is_not():
    assert keyword("please stop") is None


def test_texts_are_read_from_twiml_with_and_without_a_body_element():
    texts = "<Message>A &amp; B</Message><Message><Body>C</Body></Message>"
    assert replies(f"<?xml version='1.0'?><Response>{texts}</Response>") == ["A & B", "C"]


def test_no_more_than_ten_answers_are_read():
    assert len(replies("<Response>" + "<Message>a</Message>" * 12 + "</Response>")) == 10


def test_an_empty_answer_holds_no_texts():
    assert replies("") == replies("<Response/>") == []


def test_a_messaging_service_goes_through_every_state():
    assert road("accepted", "delivered") == ("queued", "sending", "sent", "delivered")


def test_a_message_goes_on_where_a_restart_finds_it():
    assert road("sending", "undelivered") == ("sent", "undelivered")
    assert road("delivered", "delivered") == ()


def test_a_rule_with_times_hits_the_next_calls_only():
    faults = Faults()
    change_faults(faults, {"faults": [{"kind": "500", "times": 2}]})
    assert [faults.call("create") is not None for _ in range(4)] == [True, True, False, False]


def test_a_rule_with_the_same_seed_hits_the_same_calls():
    def hits():
        faults = Faults()
        change_faults(faults, {"faults": [{"kind": "500", "rate": 0.3, "seed": 7}]})
        return [faults.call("create") is not None for _ in range(50)]

    assert hits() == hits()
    assert 0 < sum(hits()) < 50


def test_a_rule_goes_on_where_it_was_saved():
    faults, again = Faults(), Faults()
    change_faults(faults, {"faults": [{"kind": "500", "rate": 0.3, "seed": 7, "times": 15}]})
    expected = [faults.call("create") is not None for _ in range(60)]
    change_faults(faults, {"faults": [{"kind": "500", "rate": 0.3, "seed": 7, "times": 15}]})
    hits = [faults.call("create") is not None for _ in range(12)]
    change_faults(again, json.loads(json.dumps(faults.saved())))
    hits += [again.call("create") is not None for _ in range(48)]
    assert hits == expected
    assert sum(hits) == 15


def test_everything_that_counts_is_told_of():
    told = []
    faults = Faults(struck=lambda: told.append(1))
    faults.call("create")
    assert told == []
    change_faults(faults, {"inbound": [{"kind": "drop"}], "receipts": [{"kind": "drop", "rate": 0.0}]})
    faults.inbound_webhook("+12605550123")
    faults.receipt("+12605550123")
    assert len(told) == 2


@pytest.mark.parametrize(
    ("status", "goal", "with_service", "states"),
    [
        ("delivered", "delivered", False, ("sending", "sent", "delivered")),
        ("delivered", "delivered", True, ("queued", "sending", "sent", "delivered")),
        ("sent", "sent", False, ("sending", "sent")),
        ("failed", "delivered", True, ("queued", "failed")),
        ("failed", "delivered", False, ("failed",)),
    ],
)
def test_the_states_of_the_past_are_known_at_the_end(status, goal, with_service, states):
    assert passed(status, goal, with_service=with_service) == states


def test_a_rule_for_one_number_leaves_others_alone():
    faults = Faults()
    change_faults(faults, {"faults": [{"kind": "reset", "to": "+12605550123"}]})
    assert faults.call("create", "+12605550124") is None
    assert faults.call("create", "+12605550123") is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"faults": [{"kind": "fire"}]},
        {"receipts": [{"kind": "hang"}]},
        {"inbound": [{"kind": "reverse"}]},
        {"faults": [{"kind": "500", "on": "phone"}]},
        {"faults": [{"kind": "500", "often": 2}]},
        {"fault": []},
        {"outcomes": {"+1": {"status": "lost"}}},
    ],
)
def test_faults_that_make_no_sense_change_nothing(wrong):
    faults = Faults(list_lag=3)
    with pytest.raises(ValueError, match=r"must be one of|unknown"):
        change_faults(faults, wrong)
    assert faults.list_lag == 3


def test_a_label_in_a_zone_carries_that_zones_wall_time():
    assert label("2026-12-01T14:30:00Z", "America/New_York") == "2026-12-01T09:30:00-05:00"
    assert label("2026-12-01T09:30:00", "America/New_York") == "2026-12-01T09:30:00-05:00"


def test_an_unknown_zone_is_refused():
    with pytest.raises(ValueError, match="unknown zone"):
        label("2026-12-01T09:30:00", "Mars/Base")


def test_a_bare_date_means_the_whole_day():
    listing = listing_from({"DateSent": "2026-11-20"})
    assert listing.sent_from is not None
    assert listing.sent_until is not None
    assert 86399 < listing.sent_until - listing.sent_from < 86400
