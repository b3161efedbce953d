"""What is missing or unsafe is refused at the start, by the setting's name and never with its value."""

import base64

import pytest
from integration.service.world import NOW

from sms_service.settings import ConfigurationError, check_live, load_settings
from sms_service.store.clock import step_to
from sms_service.wiring import check_start

KEYS = [base64.b64encode(bytes((i * 7 + j) % 256 for j in range(32))).decode() for i in range(3)]
GOOD = {
    "DATABASE_URL": "postgresql://sms_app:pass-word@db/sms",
    "SMS_MASTER_KEYS": KEYS[0],
    "SMS_INDEX_KEYS": KEYS[1],
}
LIVE = GOOD | {
    "SMS_PUBLIC_BASE_URL": "https://texts.example.org",
    "SMS_TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "SMS_TWILIO_AUTH_TOKENS": "token-a, token-b",
}


def refused(environment):
    with pytest.raises(ConfigurationError) as error:
        load_settings(environment)
    return str(error.value)


def test_what_is_needed_is_enough():
    settings = load_settings(GOOD)
    assert settings.database_url == "postgresql+psycopg://sms_app:pass-word@db/sms"
    assert len(settings.master_keys[0]) == 32


def test_secrets_are_in_no_repr():
    shown = repr(load_settings(LIVE))
    assert "pass-word" not in shown
    assert "token-a" not in shown
    assert KEYS[0] not in shown


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_setting_is_named(name, value):
    environment = {key: held for key, held in GOOD.items() if key != name} | (
        {name: value} if value is not None else {}
    )
    assert refused(environment) == f"configuration:\n  - {name} is not set"


def test_every_problem_is_told_at_once_with_a_line_each():
    said = refused({"SMS_PROVIDER_TIMEOUT_S": "soon"})
    assert [line.split()[1] for line in said.splitlines()[1:]] == [
        "DATABASE_URL",
        "SMS_MASTER_KEYS",
        "SMS_INDEX_KEYS",
        "SMS_PROVIDER_TIMEOUT_S",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://secret-host/sms"),
        ("DATABASE_URL", "secret-host:5432"),
        ("SMS_MASTER_KEYS", "not base64!"),
        ("SMS_MASTER_KEYS", "clé"),
        ("SMS_MASTER_KEYS", ","),
        ("SMS_MASTER_KEYS", base64.b64encode(b"short").decode()),
        ("SMS_INDEX_KEYS", f"{KEYS[1]},{KEYS[1][:20]}"),
        ("SMS_PUBLIC_BASE_URL", "texts.clinic.invalid"),
        ("SMS_TWILIO_BASE_URL", "api"),
        ("SMS_PROVIDER_TIMEOUT_S", "0"),
        ("SMS_PROVIDER_TIMEOUT_S", "61"),
        ("SMS_PROVIDER_CONCURRENCY", "many"),
        ("SMS_WEB_PORT", "70000"),
        ("SMS_TICK_SECONDS", "0"),
        ("SMS_LEASE_SECONDS", "-1"),
        ("SMS_GRACE_SECONDS", "12"),
        ("SMS_STALL_SECONDS", "0"),
        ("SMS_SILENCE_SECONDS", "12"),
        ("SMS_SILENCE_SECONDS", "34"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line_and_not_repeated(name, value):
    said = refused(GOOD | {name: value})
    assert name in said
    assert len(said.removeprefix("configuration:\n").splitlines()) == 1
    assert "Value error" not in said
    if len(value) > 8:
        assert value not in said


def test_a_setting_can_be_in_a_file(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"{KEYS[2]}\n")
    settings = load_settings(GOOD | {"SMS_MASTER_KEYS_FILE": str(file)})
    assert settings.master_keys == (base64.b64decode(KEYS[2]),)


def test_the_database_address_can_be_in_a_file(tmp_path):
    file = tmp_path / "url"
    file.write_text("postgresql://a@b/c")
    rest = {key: held for key, held in GOOD.items() if key != "DATABASE_URL"}
    assert load_settings(rest | {"DATABASE_URL_FILE": str(file)}).database_url.endswith("a@b/c")


@pytest.mark.parametrize(
    "content", [None, b"", b"  \n", b"\xff\xfe\x00"], ids=["absent", "empty", "blank", "binary"]
)
def test_a_file_that_cannot_serve_is_named_by_its_setting(tmp_path, content):
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    said = refused(GOOD | {"SMS_MASTER_KEYS_FILE": str(file)})
    assert "SMS_MASTER_KEYS_FILE" in said
    assert len(said.splitlines()) == 1


# ---- real patients


def test_a_safe_set_up_may_serve_real_patients():
    check_live(load_settings(LIVE))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"SMS_PUBLIC_BASE_URL": "http://texts.example.org"}, "SMS_PUBLIC_BASE_URL"),
        ({"SMS_TWILIO_BASE_URL": "http://127.0.0.1:9000"}, "SMS_TWILIO_BASE_URL"),
        ({"SMS_TWILIO_AUTH_TOKENS": " , "}, "SMS_TWILIO_AUTH_TOKENS"),
        ({"SMS_TWILIO_ACCOUNT_SID": ""}, "SMS_TWILIO_ACCOUNT_SID"),
        ({"SMS_MASTER_KEYS": base64.b64encode(bytes(32)).decode()}, "SMS_MASTER_KEYS"),
        ({"SMS_INDEX_KEYS": base64.b64encode(b"abcd" * 8).decode()}, "SMS_INDEX_KEYS"),
        ({"SMS_INDEX_KEYS": KEYS[0]}, "must differ"),
    ],
)
def test_an_unsafe_set_up_may_not(change, name):
    with pytest.raises(ConfigurationError) as error:
        check_live(load_settings(LIVE | change))
    said = str(error.value)
    assert name in said
    assert len(said.splitlines()) == 2


def test_the_sandbox_address_is_refused_where_a_live_sender_is_found(world):
    settings = load_settings(LIVE | {"SMS_TWILIO_BASE_URL": "http://127.0.0.1:9000"})
    check_start(world.service, settings)
    world.do("UPDATE senders SET live = true")
    with pytest.raises(ConfigurationError, match="SMS_TWILIO_BASE_URL"):
        check_start(world.service, settings)


def test_a_stepped_clock_is_refused_where_a_live_sender_is_found(world):
    world.do("UPDATE senders SET live = true")
    with pytest.raises(ConfigurationError, match="patient time is stepped"):
        check_start(world.service, load_settings(LIVE))


def test_a_lone_database_is_refused_where_a_live_sender_is_found(world):
    world.do("UPDATE senders SET live = true")
    world.do("UPDATE patient_clock SET position = NULL")
    with pytest.raises(ConfigurationError, match="synchronous_standby_names"):
        check_start(world.service, load_settings(LIVE))


def test_a_rehearsal_through_the_real_provider_has_to_name_its_numbers(world):
    with pytest.raises(ConfigurationError, match="allow_numbers"):
        check_start(world.service, load_settings(LIVE))
    world.do("UPDATE senders SET allow_numbers = ARRAY[%s]", world.index())
    check_start(world.service, load_settings(LIVE))


def test_patient_time_cannot_be_stepped_where_a_live_sender_is_set_up(world):
    world.do("UPDATE senders SET live = true")
    with world.service.db.transaction() as connection, pytest.raises(ValueError, match="live sender"):
        step_to(connection, NOW)


def test_patient_time_never_goes_back(world):
    with world.service.db.transaction() as connection:
        step_to(connection, NOW.replace(year=2020))
    assert world.one("SELECT position FROM patient_clock") == NOW
