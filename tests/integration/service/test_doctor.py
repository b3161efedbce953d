"""`doctor` finds what is broken, says how to mend it, and is content once that is done."""

import asyncio
import base64
import json
import shutil
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from integration.sandbox.conftest import ACCOUNT, TOKEN, SandboxProcess
from integration.service.test_health import let_canaries_through
from integration.service.world import ADDRESS, ANA, INDEX, MASTER
from typer.testing import CliRunner

from sms_service.cli import doctor as doctor_module
from sms_service.cli.commands import app
from sms_service.cli.doctor import examine
from sms_service.content.errors import ContentError
from sms_service.provider.account import PROVIDER_URL, Account
from sms_service.provider.inquiry import Inquiry
from sms_service.runtime import Supervisor, start_valkey
from sms_service.store.blocks import open_circuit
from sms_service.store.migrate import newest
from sms_service.store.tenants import Sender
from sms_service.use_cases import doctor_database
from sms_service.use_cases.doctor import Level
from sms_service.use_cases.doctor_machine import examine_address
from sms_service.use_cases.doctor_provider import examine_provider
from sms_service.use_cases.hold import hold

PUBLIC = "http://texts.example.org"
INBOUND = f"{PUBLIC}/v1/twilio/inbound"
OTHER = base64.b64encode(bytes(range(100, 132))).decode()
#: What a rehearsal always has: nobody signed the texts, and tests step the time.
ALWAYS = {"sign-offs", "patient time"}


def key(raw):
    return base64.b64encode(raw).decode()


@pytest.fixture(scope="module")
def valkey():
    private = Path(tempfile.mkdtemp(prefix="sms-test-", dir="/var/tmp"))
    private.chmod(0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMS_RUNTIME_DIR", str(private))
        with Supervisor(private / "data") as supervisor:
            yield start_valkey(supervisor)
    shutil.rmtree(private)


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite", "--inbound-url", INBOUND)
    yield process
    process.stop()


@pytest.fixture
def setting(world, valkey, provider, tmp_path):
    """The environment of a healthy service."""
    world.say()
    world.run()
    world.tick()
    let_canaries_through(world)
    return {
        "DATABASE_URL": world.app_url,
        "REDIS_URL": valkey.url,
        "SMS_MASTER_KEYS": key(MASTER),
        "SMS_INDEX_KEYS": key(INDEX),
        "SMS_PUBLIC_BASE_URL": PUBLIC,
        "SMS_TWILIO_BASE_URL": provider.url,
        "SMS_TWILIO_ACCOUNT_SID": ACCOUNT,
        "SMS_TWILIO_AUTH_TOKENS": TOKEN,
        "SMS_DATA": str(tmp_path),
    }


@pytest.fixture
def find(setting):
    """Examine, with settings changed; what is not ok, by its check."""

    def look(**changed):
        environment = {name: value for name, value in (setting | changed).items() if value is not None}
        found = list(examine(environment, Path(environment["SMS_DATA"])))
        told = json.dumps([(finding.says, finding.cure) for finding in found])
        for secret in (*environment.values(), "app-secret", "owner-secret", ANA, "Ana"):
            if "example.org" not in secret and secret != environment["SMS_DATA"]:
                assert secret not in told
        assert all(finding.cure for finding in found if finding.level is not Level.OK)
        return {f.check: f for f in found if f.level is not Level.OK and f.check not in ALWAYS}

    return look


def test_a_healthy_rehearsal_has_nothing_to_mend_but_its_drafts(setting, find):
    assert find() == {}
    found = {f.check: f for f in examine(setting, Path(setting["SMS_DATA"]))}
    assert {check for check, f in found.items() if f.level is Level.WARNING} == ALWAYS
    asked = "configuration broker migrations roles keys account running disk clocks content clinics start"
    assert {*asked.split(), "row security", "zone rules", "sender one"} <= set(found)


#: (statement that breaks it, statement that mends it, check, what it says, what to do)
BROKEN_DATABASES = [
    (
        "UPDATE alembic_version SET version_num = '0003'",
        f"UPDATE alembic_version SET version_num = '{newest()}'",
        "migrations",
        f"revision 0003, and this version needs {newest()}",
        "sms-service migrate",
    ),
    (
        "ALTER TABLE patients NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE patients FORCE ROW LEVEL SECURITY",
        "row security",
        "not forced on patients",
        "FORCE ROW LEVEL SECURITY",
    ),
    (
        "ALTER TABLE messages DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE messages ENABLE ROW LEVEL SECURITY",
        "row security",
        "not forced on messages",
        "ENABLE",
    ),
    (
        "CREATE POLICY leak ON clinics TO sms_app USING (true)",
        "DROP POLICY leak ON clinics",
        "row security",
        "none in scope",
        "policy",
    ),
    (
        "GRANT sms_router TO sms_app",
        "REVOKE sms_router FROM sms_app",
        "roles",
        "may act as sms_router",
        "sms_app",
    ),
    (
        "ALTER ROLE sms_app BYPASSRLS",
        "ALTER ROLE sms_app NOBYPASSRLS",
        "roles",
        "passes by row security",
        "sms_app",
    ),
    (
        "UPDATE deployment SET tzdata = '1999a'",
        "UPDATE deployment SET tzdata = NULL",
        "zone rules",
        "the plans follow 1999a",
        "same edition",
    ),
    (
        'UPDATE clinics SET settings = settings || \'{"zone": "Mars/Base"}\'',
        'UPDATE clinics SET settings = settings || \'{"zone": "America/New_York"}\'',
        "clinics",
        "no zone 'Mars/Base'",
        "sms-service clinic",
    ),
    (
        'UPDATE clinics SET settings = settings || \'{"offered_languages": ["en", "tlh"]}\'',
        'UPDATE clinics SET settings = settings || \'{"offered_languages": ["en"]}\'',
        "clinics",
        "no catalog for 'tlh'",
        "sms-service clinic",
    ),
    (
        'UPDATE feeds SET settings = settings || \'{"types": {"X": "nothing"}}\'',
        "UPDATE feeds SET settings = settings || '{\"types\": {}}'",
        "clinics",
        "no pathway 'nothing'",
        "clinic FILE",
    ),
    (
        "UPDATE senders SET address = '+15005550001'",
        f"UPDATE senders SET address = '{ADDRESS}'",
        "sender one",
        "none of the account's",
        "address",
    ),
    (
        "UPDATE heartbeats SET at = at - interval '1 hour'",
        "UPDATE heartbeats SET at = clock_timestamp()",
        "tick",
        "no tick lately",
        "beat",
    ),
    (
        "UPDATE canaries SET arrived_at = arrived_at - interval '1 hour' WHERE queue = 'send'",
        "UPDATE canaries SET arrived_at = clock_timestamp()",
        "queue send",
        "nothing came through",
        "worker",
    ),
    (
        "INSERT INTO stalls SELECT id, now() - interval '1 hour', now() FROM senders",
        "DELETE FROM stalls",
        "sender one",
        "none has left",
        "likely",
    ),
    (
        "INSERT INTO holds (scope, target, reason) VALUES ('all', 0, 'test')",
        "UPDATE holds SET released_at = now()",
        "holds",
        "everything is on hold",
        "sms-service release",
    ),
]


@pytest.mark.parametrize(
    ("breaks", "mends", "check", "says", "cure"),
    BROKEN_DATABASES,
    ids=[row[0][:40] for row in BROKEN_DATABASES],
)
def test_what_is_broken_in_the_database_is_found_and_then_mended(
    world, find, breaks, mends, check, says, cure
):
    world.do(breaks)
    try:
        found = find()
    finally:
        world.do(mends)
    assert check in found
    assert set(found) <= {check, "row security"}
    assert says in found[check].says
    assert cure in found[check].cure
    assert find() == {}


#: (settings that break it, check, level, what it says)
BROKEN_SETTINGS = [
    ({"SMS_MASTER_KEYS": None}, "configuration", "error", "SMS_MASTER_KEYS is not set"),
    ({"SMS_MASTER_KEYS": OTHER}, "keys", "error", "SMS_MASTER_KEYS does not hold"),
    ({"SMS_INDEX_KEYS": OTHER}, "keys", "error", "an index key that SMS_INDEX_KEYS does not hold"),
    ({"SMS_INDEX_KEYS": f"{key(INDEX)},{key(MASTER)}"}, "key settings", "error", "share a key"),
    ({"SMS_INDEX_KEYS": f"{key(INDEX)},{key(b'ab' * 16)}"}, "key settings", "error", "not random"),
    ({"SMS_TWILIO_AUTH_TOKENS": "wrong-token"}, "account", "error", "refuses the credentials"),
    ({"SMS_TWILIO_ACCOUNT_SID": "AC" + "9" * 32}, "account", "error", "refuses the credentials"),
    ({"SMS_TWILIO_AUTH_TOKENS": None}, "account", "error", "are not set"),
    ({"SMS_TWILIO_BASE_URL": "http://127.0.0.1:1"}, "account", "error", "does not answer"),
    ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "broker", "error", "does not answer"),
    ({"REDIS_URL": "nonsense"}, "broker", "error", "does not answer"),
    ({"SMS_PUBLIC_BASE_URL": "http://my_texts.example.org"}, "public address", "error", "underscore"),
    ({"SMS_PUBLIC_BASE_URL": "http://other.example.org"}, "sender one", "error", "replies go elsewhere"),
]


@pytest.mark.parametrize(
    ("changed", "check", "level", "says"),
    BROKEN_SETTINGS,
    ids=[f"{row[1]}: {row[3]}" for row in BROKEN_SETTINGS],
)
def test_what_is_broken_in_the_settings_is_found(find, changed, check, level, says):
    found = find(**changed)
    assert check in found
    assert found[check].level == level
    assert says in found[check].says


def test_without_the_database_the_rest_is_still_examined(find):
    found = find(DATABASE_URL="postgresql://sms_app:x@127.0.0.1:1/sms", REDIS_URL="redis://127.0.0.1:1/0")
    assert set(found) == {"database", "broker"}
    assert "sms-service up" in found["database"].cure


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_a_role_that_may_too_much_is_found(world, find, role):
    found = find(DATABASE_URL=getattr(world, f"{role}_url").replace("postgresql://", "postgresql+psycopg://"))
    assert {"owner": "owns tables", "admin": "is a superuser"}[role] in found["roles"].says


def test_a_live_sender_is_an_error_as_long_as_nobody_signed(world, setting):
    world.do("UPDATE senders SET live = true")
    found = {f.check: f for f in examine(setting, Path(setting["SMS_DATA"]))}
    assert found["sign-offs"].level == found["start"].level == "error"
    assert "sender one is live" in found["sign-offs"].says


def test_an_open_circuit_is_found_with_its_command(world, find):
    with world.service.db.transaction() as connection:
        open_circuit(connection, world.home.sender_id, "provider code 20003")
    assert "sms-service release --sender one" in find()["sender one"].cure


def test_a_hold_is_no_error(world, find):
    hold(world.service, "all", 0, "test")
    assert {check: f.level for check, f in find().items()} == {"holds": Level.WARNING}


def test_a_database_without_a_clinic_names_the_command(world, find):
    world.do("SET session_replication_role = replica; DELETE FROM clinics; RESET session_replication_role")
    assert "sms-service clinic" in find()["clinics"].cure


def test_a_broker_that_makes_room_is_a_warning(valkey, find):
    with redis.Redis.from_url(valkey.client_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "allkeys-lru" in find()["broker"].says
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert find() == {}


def test_a_pathway_that_cannot_be_loaded_is_named(find, monkeypatch):
    def broken():
        raise ContentError(Path("x.yaml"), "steps.1", "is missing")

    monkeypatch.setattr(doctor_module, "load_library", broken)
    assert "x.yaml: steps.1" in find()["content"].says


@pytest.mark.parametrize(("ahead", "level"), [(5.0, "warning"), (-5.0, "warning"), (40.0, "error")])
def test_a_clock_that_is_wrong_is_found(find, monkeypatch, ahead, level):
    real = doctor_database.time.time
    monkeypatch.setattr(doctor_database.time, "time", lambda: real() + ahead)
    found = find()["clocks"]
    assert found.level == level
    assert f"{abs(ahead):.1f} s" in found.says


@pytest.mark.parametrize(("free", "level"), [(100 * 2**20, "error"), (500 * 2**20, "warning")])
def test_a_disk_that_fills_up_is_found(find, monkeypatch, free, level):
    disk = shutil._ntuple_diskusage(total=2**40, used=2**40 - free, free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda _: disk)
    assert find()["disk"].level == level


def test_the_command_ends_with_1_on_errors_and_0_on_warnings(setting):
    well = CliRunner().invoke(app, ["doctor", "--json"], env=setting)
    assert well.exit_code == 0
    told = json.loads(well.stdout)
    assert told["counts"]["warning"] == len(ALWAYS)
    assert {"check", "level", "says", "cure"} == set(told["findings"][0])
    ill = CliRunner().invoke(app, ["doctor"], env=setting | {"REDIS_URL": "redis://127.0.0.1:1/0"})
    assert ill.exit_code == 1
    assert "error    broker: Redis or Valkey does not answer" in ill.stdout


def test_to_the_real_provider_the_public_address_must_be_https():
    assert examine_address("http://texts.example.org", provider_is_real=True).level == "error"
    assert examine_address("https://texts.example.org", provider_is_real=True).level == "ok"


# ---- what only the provider's other host knows: messaging services and registrations


@pytest.fixture
def registry():
    """A web server that answers as the documentation of messaging.twilio.com shows."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path).path
            body = answers.get(path)
            found = json.dumps(
                body if body is not None else {"code": 20404, "message": "x", "status": 404}
            ).encode()
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answers
    server.shutdown()
    server.server_close()


def listed(key_name, *rows):
    meta = {
        "key": key_name,
        "page": 0,
        "page_size": 50,
        "next_page_url": None,
        "url": "",
        "first_page_url": "",
    }
    return {"meta": meta | {"previous_page_url": None}, key_name: list(rows)}


ME = f"/2010-04-01/Accounts/{ACCOUNT}"
SERVICE = "MG" + "1" * 32
OWN_SERVICE = {"sid": SERVICE, "inbound_request_url": INBOUND, "use_inbound_webhook_on_number": False}
TOLL_FREE = {"sid": "PN" + "1" * 32, "phone_number": "+18885550100", "sms_url": INBOUND,
             "capabilities": {"sms": True}}  # fmt: skip
CAMPAIGNS = f"/v1/Services/{SERVICE}/Compliance/Usa2p"


def findings(url, address):
    sender = Sender(
        id=1,
        name="one",
        address=address,
        live=False,
        opt_out_reply="ours",
        obfuscated=False,
        circuit_open=False,
        rehearses=True,
    )

    async def ask():
        account = Account(sid=ACCOUNT, auth_token=TOKEN, base_url=url, status_callback=f"{PUBLIC}/x")
        inquiry = Inquiry(account, messaging_url=url)
        try:
            return [f async for f in examine_provider(inquiry, [sender], INBOUND, is_real=True)]
        finally:
            await inquiry.close()

    return {finding.check: finding for finding in asyncio.run(ask())}


@pytest.mark.parametrize(
    ("address", "answers", "check", "level", "says"),
    [
        (SERVICE, {}, "sender one", "error", "none of the account's"),
        (
            SERVICE,
            {f"/v1/Services/{SERVICE}": OWN_SERVICE | {"inbound_request_url": None}},
            "sender one",
            "error",
            "nowhere",
        ),
        (
            SERVICE,
            {f"/v1/Services/{SERVICE}": OWN_SERVICE | {"use_inbound_webhook_on_number": True}},
            "sender one",
            "warning",
            "each number",
        ),
        (
            SERVICE,
            {f"/v1/Services/{SERVICE}": OWN_SERVICE, CAMPAIGNS: listed("compliance")},
            "registration of one",
            "warning",
            "no A2P 10DLC campaign",
        ),
        (
            SERVICE,
            {
                f"/v1/Services/{SERVICE}": OWN_SERVICE,
                CAMPAIGNS: listed("compliance", {"sid": "QE1", "campaign_status": "FAILED"}),
            },
            "registration of one",
            "warning",
            "campaign is FAILED",
        ),
        (
            SERVICE,
            {
                f"/v1/Services/{SERVICE}": OWN_SERVICE,
                CAMPAIGNS: listed("compliance", {"sid": "QE1", "campaign_status": "VERIFIED"}),
            },
            "registration of one",
            "ok",
            "verified",
        ),
        (
            "+18885550100",
            {"/v1/Tollfree/Verifications": listed("verifications")},
            "registration of one",
            "error",
            "not verified",
        ),
        (
            "+18885550100",
            {"/v1/Tollfree/Verifications": listed("verifications", {"status": "IN_REVIEW"})},
            "registration of one",
            "error",
            "IN_REVIEW",
        ),
        (
            "+18885550100",
            {"/v1/Tollfree/Verifications": listed("verifications", {"status": "TWILIO_APPROVED"})},
            "registration of one",
            "ok",
            "approved",
        ),
        ("+12125550100", {}, "registration of one", "warning", "does not tell"),
    ],
)
def test_what_the_provider_registered_is_told_as_far_as_it_says(
    registry, address, answers, check, level, says
):
    url, held = registry
    number = TOLL_FREE | {"phone_number": address}
    held |= {
        f"{ME}.json": {"sid": ACCOUNT, "status": "active"},
        f"{ME}/IncomingPhoneNumbers.json": {"incoming_phone_numbers": [number]},
    } | answers
    found = findings(url, address)[check]
    assert found.level == level
    assert says in found.says


def test_an_account_that_is_suspended_is_told(registry):
    url, held = registry
    held[f"{ME}.json"] = {"sid": ACCOUNT, "status": "suspended"}
    assert findings(url, ADDRESS)["account"].says == "the provider's account is suspended"


def test_the_real_provider_is_asked_at_its_two_hosts():
    account = Account(sid=ACCOUNT, auth_token=TOKEN, status_callback=f"{PUBLIC}/x")
    transport = Inquiry(account)._transport
    assert str(transport._address(f"{PROVIDER_URL}/2010-04-01/x")) == f"{PROVIDER_URL}/2010-04-01/x"
    assert str(transport._address("https://messaging.twilio.com/v1/x")) == "https://messaging.twilio.com/v1/x"


def test_links_longer_than_texts_were_checked_with_are_told(world, find):
    world.clinic(leaflet_base_url="https://patients.pain-clinic.example.org/leaflets")
    finding = find()["links"]
    assert finding.level is Level.WARNING
    assert "clinic riverside: its links have 68 characters" in finding.says
    world.clinic(leaflet_base_url="https://texts.example.org")
    assert "links" not in find()
