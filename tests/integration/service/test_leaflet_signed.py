"""On a live sender the page shows signed words alone; a rehearsal says that its words are drafts."""

from datetime import timedelta

import pytest
from integration.service.test_leaflet import booked, page_words, seen, web  # noqa: F401 - a fixture
from integration.service.test_sign_offs import DOCTOR, live, pairs, record, sign_all  # noqa: F401 - a fixture
from integration.service.world import NOW

from sms_service.domain.signing import VALID_FOR, Act


@pytest.fixture
def leaflet_texts(world):
    """The page's English, as pairs to sign."""
    del world
    return [pair for pair in pairs("en") if pair.context.startswith("leaflet.")]


def test_what_nobody_signed_is_not_shown_and_the_phone_still_is(live, web):  # noqa: F811
    token = booked(live)
    answer = web.get(f"/l/{token}")
    assert answer.status_code == 200
    assert "Riverside Clinic" in seen(answer)
    assert page_words("heading_what") not in seen(answer)
    assert "needle" not in answer.text.partition("</style>")[2]
    gone = web.get("/l/nothing")
    assert (gone.status_code, page_words("gone_title") in seen(gone)) == (404, False)


def test_signed_english_is_shown_without_the_label_of_drafts(live, web, leaflet_texts):  # noqa: F811
    sign_all(live, leaflet_texts)
    words = seen(web.get(f"/l/{booked(live)}"))
    assert "A thin needle goes into the knot." in words
    assert page_words("draft") not in words
    assert page_words("not_translated") not in words
    assert page_words("gone_title") in seen(web.get("/l/nothing"))


def test_a_language_that_is_not_signed_reads_english_and_is_told_so(live, web, leaflet_texts):  # noqa: F811
    sign_all(live, leaflet_texts)
    answer = web.get(f"/l/{booked(live, language='es')}")
    assert '<html lang="es"' in answer.text
    assert 'lang="en" dir="ltr"' in answer.text
    assert page_words("not_translated") in seen(answer)


def test_a_signature_that_ended_or_was_withdrawn_closes_its_section_at_once(live, web, leaflet_texts):  # noqa: F811
    sign_all(live, leaflet_texts)
    token = booked(live, start="2028-05-20T09:30:00")
    assert "A thin needle" in seen(web.get(f"/l/{token}"))
    withdrawn = [pair for pair in leaflet_texts if ".what" in pair.context]
    record(live, Act.WITHDRAWN, DOCTOR, withdrawn, NOW + timedelta(seconds=1))
    words = seen(web.get(f"/l/{token}"))
    assert "A thin needle" not in words
    assert page_words("heading_before") in words
    live.set(NOW + VALID_FOR + timedelta(seconds=1))
    assert page_words("heading_before") not in seen(web.get(f"/l/{token}"))


def test_a_rehearsal_with_every_word_signed_needs_no_label(world, web, leaflet_texts):  # noqa: F811
    token = booked(world)
    assert page_words("draft") in seen(web.get(f"/l/{token}"))
    sign_all(world, leaflet_texts)
    assert page_words("draft") not in seen(web.get(f"/l/{token}"))
