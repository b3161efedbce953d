"""Requests and answers agree with the OpenAPI document that Twilio publishes."""

import copy
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from integration.sandbox import published
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

ANA, OMAR, SENDER, SERVICE = "+12605550123", "+12605550142", "+15005550006", "MG" + "a" * 32
KEY, SECRET = "SK" + "0" * 31 + "7", "a-key-s-secret"
UNKNOWN = "SM" + "0" * 32


class Recorder(TwilioHttpClient):
    """The official HTTP client at the sandbox's address; it keeps what was asked and answered."""

    def __init__(self, url):
        super().__init__(timeout=5)
        self.url, self.exchanges = url, []
        self.session.hooks["response"].append(lambda answer, *_, **__: self.exchanges.append(answer))

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", self.url), *args, **kwargs)


class Wire:
    """The sandbox through the SDK (`client`) and by hand (`call`), every exchange recorded."""

    def __init__(self, sandbox, document):
        self.sandbox, self.document = sandbox, document
        self.openapi = published.validator(copy.deepcopy(document), sandbox.url)
        self.http = Recorder(sandbox.url)
        self.client = Client(sandbox.account, sandbox.token, http_client=self.http)

    def call(self, method, path, *, auth=None, **given):
        url = f"{self.sandbox.url}/2010-04-01/Accounts/{self.sandbox.account}{path}"
        auth = auth or (self.sandbox.account, self.sandbox.token)
        return self.http.session.request(method, url, auth=auth, timeout=5, **given)

    def create(self, **form):
        return self.call("POST", "/Messages.json", data={"To": ANA, "From": SENDER, "Body": "Hello", **form})

    def answers_agree(self):
        for answer in self.http.exchanges:
            asked, got = RequestsOpenAPIRequest(answer.request), RequestsOpenAPIResponse(answer)
            try:
                self.openapi.validate_response(asked, got)
            except OpenAPIError as error:
                pytest.fail(f"{answer.request.method} {answer.url}: {describe(error)}\n{answer.text[:800]}")
        return len(self.http.exchanges)

    def requests_agree(self):
        for answer in self.http.exchanges:
            try:
                self.openapi.validate_request(RequestsOpenAPIRequest(answer.request))
            except OpenAPIError as error:
                pytest.fail(f"{answer.request.method} {answer.url}: {describe(error)}")
            assert self.unknown_names(answer.request) == set()

    def unknown_names(self, asked):
        url = urlsplit(asked.url)
        given = dict(parse_qsl(url.query)) | dict(parse_qsl(asked.body or "", keep_blank_values=True))
        return set(given) - published.known_names(self.document, asked.method, url.path)


def describe(error):
    cause = error.__cause__
    return f"{error} {[part.message for part in getattr(cause, 'schema_errors', [])] or cause or ''}"


@pytest.fixture(scope="module")
def twilios_document(request):
    return published.document(request.config.cache)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory, sandbox_process):
    data = tmp_path_factory.mktemp("keyed") / "sandbox.sqlite"
    process = sandbox_process(data, "--receipt-delay", "0.01", "--api-keys", f"{KEY}:{SECRET}")
    yield process
    process.stop()


@pytest.fixture
def wire(keyed, twilios_document):
    keyed.post("reset")
    return Wire(keyed, twilios_document)


def test_a_message_agrees_in_every_state_of_its_life(wire, eventually):
    made = wire.client.messages.create(to=ANA, from_=SENDER, body="Hello", validity_period=3600)
    assert wire.client.messages(made.sid).fetch().status in {"queued", "sending", "sent", "delivered"}
    eventually(wire.sandbox.settled)
    assert wire.client.messages(made.sid).fetch().status == "delivered"
    wire.client.messages(made.sid).update(body="")
    assert wire.client.messages(made.sid).delete()
    assert wire.answers_agree() == 5
    wire.requests_agree()


def test_a_message_of_a_service_agrees_scheduled_and_canceled(wire):
    options = {"messaging_service_sid": SERVICE, "content_retention": "discard"}
    wire.client.messages.create(to=ANA, body="Hello", address_retention="obfuscate", **options)
    later = datetime.now(UTC) + timedelta(hours=2)
    made = wire.client.messages.create(to=ANA, body="Hi", schedule_type="fixed", send_at=later, **options)
    wire.client.messages(made.sid).update(status="canceled")
    assert wire.answers_agree() == 3
    wire.requests_agree()


def test_messages_that_ended_badly_agree(wire, eventually):
    wire.sandbox.post("faults", {"outcomes": {ANA: 30003, OMAR: 30034}})
    sids = [wire.client.messages.create(to=to, from_=SENDER, body="Hello").sid for to in (ANA, OMAR)]
    eventually(wire.sandbox.settled)
    assert [wire.client.messages(sid).fetch().error_code for sid in sids] == [30003, 30034]
    assert wire.answers_agree() == 4


def test_the_list_agrees_with_every_filter_and_on_every_page(wire, eventually):
    for _ in range(5):
        wire.client.messages.create(to=ANA, from_=SENDER, body="Hello")
    wire.sandbox.post(f"phones/{ANA}/reply", {"body": "1"})
    eventually(wire.sandbox.settled)
    hour, now = timedelta(hours=1), datetime.now(UTC)
    first = wire.client.messages.page(page_size=2)
    first.next_page().previous_page()
    assert wire.client.messages.list(to=ANA, from_=SENDER, date_sent=now, page_size=3)
    assert wire.client.messages.list(date_sent_after=now - hour, date_sent_before=now + hour)
    assert wire.client.messages.list(to=OMAR) == []
    assert wire.answers_agree() >= 7
    wire.requests_agree()


def test_account_keys_number_and_media_agree(wire):
    made = wire.client.messages.create(to=ANA, from_=SENDER, body="Hello")
    assert wire.client.api.accounts(wire.sandbox.account).fetch().status == "active"
    assert [key.sid for key in wire.client.keys.list()] == [KEY]
    assert wire.client.keys(KEY).fetch().sid == KEY
    assert [number.phone_number for number in wire.client.incoming_phone_numbers.list()] == [SENDER]
    assert wire.client.messages(made.sid).media.list() == []
    assert wire.answers_agree() == 6
    wire.requests_agree()


def test_every_call_agrees_by_hand_as_well(wire, eventually):
    made = wire.create(StatusCallback="https://clinic.example/cb?m=1", SmartEncoded="false").json()["sid"]
    eventually(lambda: wire.sandbox.get("health")["in_flight"] == 0)
    listed = {
        "To": ANA,
        "From": SENDER,
        "DateSent<": "2100-01-01T00:00:00Z",
        "DateSent>": "2020-01-01T00:00:00Z",
    }
    asked = [
        wire.call("GET", "/Messages.json", params=listed | {"PageSize": 1}),
        wire.call("GET", f"/Messages/{made}.json"),
        wire.call("GET", f"/Messages/{made}/Media.json"),
        wire.call("POST", f"/Messages/{made}.json", data={"Body": ""}),
        wire.call("DELETE", f"/Messages/{made}.json"),
        wire.call("GET", "/Keys.json"),
        wire.call("GET", f"/Keys/{KEY}.json"),
        wire.call("GET", "/IncomingPhoneNumbers.json", params={"PhoneNumber": SENDER}),
        wire.call("GET", ".json"),
    ]
    assert [answer.status_code for answer in asked] == [200, 200, 200, 200, 204, 200, 200, 200, 200]
    assert wire.answers_agree() == len(asked) + 1
    wire.requests_agree()


def test_refusals_by_hand_have_the_shape_that_the_sdk_reads(wire, eventually):
    wire.sandbox.post("settings", {"opt_out_reply": "provider"})
    wire.sandbox.post(f"phones/{OMAR}/reply", {"body": "STOP", "to": SENDER})
    made = wire.create().json()["sid"]
    asked = [
        (wire.create(From=""), 400, 21603),
        (wire.create(Body="a" * 1601), 400, 21617),
        (wire.create(StatusCallback="https://two_words.example/"), 400, 21609),
        (wire.create(ValidityPeriod="36001"), 400, 21624),
        (wire.create(To=OMAR), 400, 21610),
        (wire.call("GET", f"/Messages/{UNKNOWN}.json"), 404, 20404),
        (wire.call("DELETE", f"/Messages/{UNKNOWN}.json"), 404, 20404),
        (wire.call("GET", f"/Keys/{'SK' + '1' * 32}.json"), 404, 20404),
        (wire.call("GET", f"/Messages/{UNKNOWN}/Media.json"), 404, 20404),
        (wire.call("POST", f"/Messages/{made}.json", data={"Status": "canceled"}), 409, 30409),
        (wire.call("GET", "/Messages.json", auth=(KEY, "wrong")), 401, 20003),
        (wire.call("GET", ".json", auth=(KEY, SECRET)), 401, 20003),
    ]
    assert [(got.status_code, got.json()["code"]) for got, _, _ in asked] == [want[1:] for want in asked]
    eventually(wire.sandbox.settled)
    assert wire.answers_agree() == len(asked) + 1


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500), ("503", 503), ("504", 504)])
def test_faults_on_demand_have_that_shape_too(wire, kind, status):
    wire.sandbox.post("faults", {"faults": [{"kind": kind, "on": "any", "times": 2}]})
    assert wire.create().status_code == status
    with pytest.raises(TwilioException):
        wire.client.messages.list()
    assert wire.answers_agree() == 2


def test_a_misspelt_parameter_is_noticed(wire):
    wire.create(Too=ANA)
    assert wire.unknown_names(wire.http.exchanges[0].request) == {"Too"}


@pytest.mark.parametrize("wrong", [{"ValidityPeriod": "long"}, {"ContentRetention": "forget"}, {"To": "Ana"}])
def test_the_document_refuses_a_request_that_twilio_would(wire, wrong):
    wire.create(**wrong)
    (answer,) = wire.http.exchanges
    with pytest.raises(OpenAPIError):
        wire.openapi.validate_request(RequestsOpenAPIRequest(answer.request))


def test_the_document_refuses_an_answer_that_twilio_would_not_give(wire):
    """The validator itself is awake: it rejects a wrong type, a missing and an unknown name."""
    wire.client.messages.create(to=ANA, from_=SENDER, body="Hello")
    (answer,) = wire.http.exchanges
    for old, new in [
        ('"num_segments":"1"', '"num_segments":1'),
        ('"price":', '"cost":'),
        ('"price":null,', ""),
    ]:
        broken = requests.Response()
        broken.__dict__.update(answer.__dict__)
        broken._content = answer.text.replace(old, new).encode()
        assert broken.content != answer.content
        with pytest.raises(OpenAPIError):
            wire.openapi.validate_response(
                RequestsOpenAPIRequest(answer.request), RequestsOpenAPIResponse(broken)
            )
