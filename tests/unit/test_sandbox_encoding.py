import pytest

from sms_service.sandbox.encoding import measure

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


@pytest.mark.parametrize(
    ("what", "body", "encoding", "units", "segments"),
    [
        ("nothing", "", "GSM-7", 0, 1),
        ("plain English", "See you on Tue Dec 1 at 9:30 AM.", "GSM-7", 32, 1),
        ("160 letters fit one segment", "a" * 160, "GSM-7", 160, 1),
        ("161 letters take two of 153", "a" * 161, "GSM-7", 161, 2),
        ("306 letters still take two", "a" * 306, "GSM-7", 306, 2),
        ("307 letters take three", "a" * 307, "GSM-7", 307, 3),
        ("the euro sign is escaped", "€" * 80, "GSM-7", 160, 1),
        ("an escaped character never straddles segments", "]" * 153, "GSM-7", 306, 3),
        ("the letters GSM-7 has", "àèéùìòñÑäöüßÇ¿¡", "GSM-7", 15, 1),
        ("a line break written as two characters", "a\r\nb", "GSM-7", 4, 1),
        ("one accent that GSM-7 lacks", "Mañana, inyección", "UCS-2", 17, 1),
        ("a backtick", "`", "UCS-2", 1, 1),
        ("a tabulator", "\t", "UCS-2", 1, 1),
        ("70 letters fit one segment", "á" * 70, "UCS-2", 70, 1),
        ("71 letters take two of 67", "á" * 71, "UCS-2", 71, 2),
        ("135 letters take three", "á" * 135, "UCS-2", 135, 3),
        ("an emoji is two units", "🙂", "UCS-2", 2, 1),
        ("a family of four is eleven units", FAMILY, "UCS-2", 11, 1),
        ("a surrogate pair never straddles segments", "á" * 66 + "🙂" * 34, "UCS-2", 134, 3),
        ("Arabic", "غدًا الساعة", "UCS-2", 11, 1),
        ("the narrow no-break space of a formatted time", "9:00\u202fAM", "UCS-2", 7, 1),
    ],
)
def test_a_text_is_measured_as_it_goes_over_the_air(what, body, encoding, units, segments):
    size = measure(body)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments), what
