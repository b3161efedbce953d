"""The parts of an HL7 message one by one: encoding characters, escapes, character sets, dates, telephones."""

from __future__ import annotations

import pytest

from sms_service.intake.hl7.charset import decode
from sms_service.intake.hl7.dtm import read_dtm
from sms_service.intake.hl7.encoding import Encoding, encoding_of
from sms_service.intake.hl7.escapes import unescape
from sms_service.intake.hl7.framing import messages
from sms_service.intake.hl7.message import field_path, parse
from sms_service.intake.hl7.telephones import phone_of
from sms_service.intake.languages import language_tag, nobody_said, registered_tag

HEADER = b"MSH|^~\\&|A|B|C|D|20261120||SIU^S12|1|P|2.3\r"


@pytest.mark.parametrize(
    ("label", "header", "expected"),
    [
        ("the usual ones", r"MSH|^~\&|A", Encoding()),
        ("v2.7 declares truncation as well", r"MSH|^~\&#|A", Encoding()),
        ("a backslash doubled on the way", r"MSH|^~\\&|A", Encoding()),
        ("none declared", "MSH||A", Encoding()),
        ("none declared, and nothing behind", "MSH|", Encoding()),
        (
            "others",
            "MSH#@*!%#A",
            Encoding(field="#", component="@", repetition="*", escape="!", subcomponent="%"),
        ),
        (
            "fewer",
            "MSH|^|A",
            Encoding(component="^", repetition="", escape="", subcomponent=""),
        ),
        ("a letter separates nothing", "MSHA^~B", None),
        ("two of the same", "MSH|^^~&|A", None),
        ("a component like a field", r"MSH||~\&|A", Encoding()),
        ("nothing at all", "MSH", None),
    ],
)
def test_a_message_declares_its_own_encoding_characters(label, header, expected):
    assert encoding_of(header, "") == expected, label


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two\.sp+2\three\.in+4\four", "one\ntwo\nthree four"),
        (r"\X41\\X4243\ \X4\ \XC3A9\ \XE9\ ", "ABC  é é "),
        (r"\H\bold\N\ \Zlocal\x \C2842\y", "bold x y"),
        (r"C:\temp\new", r"C:\temp\new"),
        ("half \\T", "half \\T"),
        ("none", "none"),
    ],
)
def test_escapes_become_what_they_stand_for(written, meant):
    assert unescape(written, Encoding()) == meant


def test_without_an_escape_character_nothing_is_escaped():
    assert unescape(r"a\T\b", Encoding(escape="")) == r"a\T\b"


@pytest.mark.parametrize(
    ("raw", "declared", "text", "told"),
    [
        ("Zoë".encode(), "UNICODE UTF-8", "Zoë", True),
        ("Zoë".encode(), "utf8", "Zoë", True),
        ("Zoë".encode(), "", "Zoë", True),
        ("Zoë".encode("latin-1"), "8859/1", "Zoë", True),
        ("Zoë".encode("latin-1"), "ISO-8859-1", "Zoë", True),
        ("Zoë".encode("cp1252"), "", "Zoë", True),
        ("Zoë".encode("cp1252"), "ASCII", "Zoë", True),
        ("“Zoë”".encode("cp1252"), "8859/1", "“Zoë”", True),
        (b"\x81", "", "\x81", True),
        ("Łucja".encode("iso8859_2"), "8859/2", "Łucja", True),
        ("Юрий".encode("cp1251"), "WINDOWS-1251", "Юрий", True),
        ("山田".encode("iso2022_jp"), "ISO IR87", "山田", True),
        ("王".encode("gb18030"), "GB 18030-2000", "王", True),
        ("Zoë".encode("cp1252"), "UNICODE UTF-8", "Zoë", False),
        ("Zoë".encode(), "KLINGON", "Zoë", False),
    ],
)
def test_bytes_become_text_in_the_set_that_is_declared_or_usual(raw, declared, text, told):
    found, codec = decode(raw, declared)
    assert (found, codec is not None) == (text, told)


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("20261201093000", "2026-12-01T09:30:00"),
        ("202612010930", "2026-12-01T09:30:00"),
        ("2026120109", "2026-12-01T09:00:00"),
        ("20261201", "2026-12-01"),
        ("20261201093000.0000", "2026-12-01T09:30:00"),
        ("20261201093000.1234", "2026-12-01T09:30:00.123400"),
        ("20261201093000-0500", "2026-12-01T09:30:00-05:00"),
        ("202612010930+0530", "2026-12-01T09:30:00+05:30"),
        ("20261201093000Z", "2026-12-01T09:30:00+00:00"),
        ("2026-12-01T09:30:00", "2026-12-01T09:30:00"),
        ("2026-12-01 09:30", "2026-12-01T09:30:00"),
        ("2026-12-01T09:30:00.000-05:00", "2026-12-01T09:30:00-05:00"),
        ("202612", None),
        ("20261301093000", None),
        ("20261201250000", None),
        ("20261201093000-9900", None),
        ("00000000000000", None),
        ("99991231235959", None),
        ("12/01/2026", None),
        ("2026-1201", None),
        ("٢٠٢٦١٢٠١", None),
        ("tomorrow", None),
        ("2" * 100, None),
    ],
)
def test_a_date_keeps_the_precision_it_was_sent_with(written, iso):
    found = read_dtm(written)
    assert (found.iso if found else None) == iso


def pid(*fields):
    raw = HEADER + b"PID|" + "|".join(["1", *[""] * 11, *fields]).encode() + b"\r"
    return parse(raw).first("PID")


@pytest.mark.parametrize(
    ("label", "pid13", "pid14", "phone"),
    [
        ("one number", "(260)555-0123", "", "+12605550123"),
        ("the mobile among several", "(260)555-0100^PRN^PH~(260)555-0123^PRN^CP", "", "+12605550123"),
        ("a mobile by its use", "(260)555-0100^PRN^PH~(260)555-0123^ORN", "", "+12605550123"),
        ("a mobile by the word", "2605550100^HOME~2605550123^MOBILE", "", "+12605550123"),
        ("a mobile without its area code", "555-0123^PRN^CP~(260)555-0100^PRN^PH", "", "+12605550100"),
        ("work comes last", "(260)555-0199^WPN^PH~(260)555-0123^PRN^PH", "", "+12605550123"),
        ("home before work's field", "(260)555-0123^PRN^PH", "(260)555-0199^WPN^CP", "+12605550123"),
        ("work's field where there is nothing else", "", "(260)555-0199^WPN^PH", "+12605550199"),
        ("no fax", "(260)555-0123^PRN^FX", "", None),
        ("no mail", "ana@example.com^NET^Internet^ana@example.com", "", None),
        ("mail beside the number", "(260)555-0123^PRN^PH^ana@example.com", "", "+12605550123"),
        ("the emergency contact is somebody else", "(260)555-0123^EMR^CP", "", None),
        ("the fourth component", "^PRN^CP^2605550123", "", "+12605550123"),
        ("in parts", "^PRN^CP^^^260^5550123", "", "+12605550123"),
        ("in parts, of another country", "^PRN^CP^^52^55^12345678", "", "+525512345678"),
        ("unformatted", "(000)000-0000^PRN^CP^^^^^^^^^2605550123", "", "+12605550123"),
        ("with an extension", "(260)555-0123X12", "", "+12605550123"),
        ("with a beeper", "(260)555-0123B12", "", "+12605550123"),
        ("with words behind", "(260)555-0123C ask for Ana", "", "+12605550123"),
        ("with words before", "Cell 260-555-0123", "", "+12605550123"),
        ("international", "+52 55 1234 5678", "", "+525512345678"),
        ("unusable stays as written", "555-0123", "", "555-0123"),
        ("nothing said", "", "", None),
    ],
)
def test_the_number_that_can_be_texted_is_found(label, pid13, pid14, phone):
    assert phone_of(pid(pid13, pid14), "US").get("phone") == phone, label


def test_a_null_clears_the_number_unless_another_field_has_one():
    assert phone_of(pid('""', ""), "US") == {"phone": None}
    assert phone_of(pid('""', "(260)555-0199"), "US") == {"phone": "+12605550199"}
    assert phone_of(pid("", ""), "US") == {}


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("Spanish", "es"),
        ("ESPAÑOL", "es"),
        ("Espan\u0303ol", "es"),
        ("Haitian  Creole", "ht"),
        ("Creole", None),
        ("Traditional Chinese", "zh_Hant"),
        ("Chinese", "zh"),
        ("Tiếng Việt", "vi"),
        ("German", "de"),
    ],
)
def test_a_language_may_be_called_by_its_name(written, tag):
    assert language_tag(written) == tag


@pytest.mark.parametrize(
    ("written", "tag"), [("es-MX", "es"), ("spa", "es"), ("SP", None), ("hmn", "hmn"), ("Spanish", "es")]
)
def test_two_letters_that_a_site_made_up_are_no_language(written, tag):
    assert registered_tag(written) == tag


def test_unknown_is_what_nobody_said():
    assert nobody_said("Unknown")
    assert not nobody_said("Klingon")


@pytest.mark.parametrize(
    ("path", "place"),
    [("SCH-2.1", ("SCH", 2, 1)), ("PV1-19", ("PV1", 19, 1)), ("SCH", None), ("sch-2", None)],
)
def test_a_field_is_named_as_the_standard_does(path, place):
    assert field_path(path) == place


@pytest.mark.parametrize(
    ("label", "raw", "count"),
    [
        ("nothing", b"", 1),
        ("one", HEADER, 1),
        ("two in frames", b"\x0b" + HEADER + b"\x1c\r\x0b" + HEADER + b"\x1c\r", 2),
        ("an unfinished frame", b"\x0b" + HEADER, 1),
        ("two without frames", HEADER + b"\n\n" + HEADER, 2),
        ("a batch", b"FHS|^~\\&\rBHS|^~\\&\r" + HEADER + HEADER + b"BTS|2\rFTS|1\r", 2),
        ("a mark before the first", b"\xef\xbb\xbf" + HEADER, 1),
        ("rest of another before it", b"PID|1\r" + HEADER, 2),
        ("a batch without messages", b"FHS|^~\\&\rFTS|0\r", 1),
        ("the word in a text", HEADER + b"NTE|1||see MSH|x\r", 1),
    ],
)
def test_messages_are_told_apart(label, raw, count):
    assert len(list(messages(raw))) == count, label
