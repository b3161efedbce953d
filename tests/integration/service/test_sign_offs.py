"""Only signed words leave a live sender: the present pair, an older one, or signed English."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from integration.service.world import LIBRARY, NOW

from sms_service.content.ledger_lines import LedgerLineError, from_lines, to_lines
from sms_service.content.library import Library
from sms_service.content.pairs import present_pairs
from sms_service.domain.signing import Act, Pair, Role, SignError
from sms_service.store.sign_offs import load_ledger
from sms_service.store.story import message_story
from sms_service.use_cases.open_words import unsigned_essentials
from sms_service.use_cases.service import Service
from sms_service.use_cases.sign_words import Signer, sign_words, take_ledger

AUTHOR = Signer(person="Ana Autora", role=Role.TRANSLATOR)
READER = Signer(person="Rita Revisora", role=Role.TRANSLATOR)
CHIEF = Signer(person="Carla Jefe, CMI", role=Role.TRANSLATOR)
DOCTOR = Signer(person="Dr Dana Doe, MD", role=Role.CLINICIAN, clinic="riverside")


def pairs(language, *contexts, library=LIBRARY):
    texts = [text for text in library.texts if not contexts or text.context in contexts]
    return list(present_pairs(library, [language], texts))


def record(world, act, signer, chosen, at=NOW, **options):
    with world.owner.begin() as owner:
        return sign_words(owner, chosen, act, signer, at, **options)


def sign_all(world, chosen, at=NOW, **options):
    """Every act that a pair needs, in order."""
    record(world, Act.TRANSLATED, AUTHOR, chosen, at)
    record(world, Act.REVIEWED, READER, chosen, at)
    record(world, Act.SIGNED, DOCTOR, chosen, at, **options)
    if chosen and chosen[0].locale != "en":
        record(world, Act.SIGNED, CHIEF, chosen, at, **options)


@pytest.fixture
def live(world):
    """The world with a live sender, as if it had been allowed to start."""
    world.do("UPDATE senders SET live = true")
    return world


def welcome_of(world, language="es"):
    world.say(language=language)
    return [request.body for request in world.run()]


def test_without_a_signature_nothing_leaves_and_a_person_is_told(live):
    assert welcome_of(live) == []
    assert live.states()["welcome"] == ("skipped", "not_signed")
    assert "unsigned_text" in live.tasks()


def test_a_rehearsal_sends_drafts(world):
    (body,) = welcome_of(world)
    assert _plain(LIBRARY, "es", "common.welcome.full", body)


def words_in_story(world):
    with world.service.db.transaction([world.home.clinic_id]) as connection:
        story = message_story(connection, world.service.keys, world.message("welcome").id)
    return [attempt["words"] for attempt in story["attempts"]]


def test_a_story_says_that_a_text_was_a_draft_and_stays_so_when_it_is_signed_later(world):
    welcome_of(world)
    assert words_in_story(world) == ["draft"]
    sign_all(world, pairs("es", "common.welcome.full"), at=NOW + timedelta(hours=1))
    assert words_in_story(world) == ["draft"]


def test_the_signed_translation_goes_out_in_exactly_those_words(live):
    sign_all(live, pairs("es", "common.welcome.full"))
    (body,) = welcome_of(live)
    assert words_in_story(live) == ["signed"]
    attempt = live.attempt()
    assert attempt.language == "es"
    assert attempt.catalog_hash == pairs("es", "common.welcome.full")[0].hash
    assert body == _plain(LIBRARY, "es", "common.welcome.full", body)


def _plain(library, language, context, body):
    """The body if it holds every fixed part of the translation, in order; else what is missing."""
    place = 0
    for part in (
        library.catalogs[language]
        .words[context][1][-1]
        .replace("{", "\0")
        .replace("}", "\0")
        .split("\0")[::2]
    ):
        place = body.find(part.strip(), place)
        assert place >= 0, part
    return body


@pytest.mark.parametrize("missing", ["translator", "clinician"])
def test_one_of_the_two_signatures_is_not_enough(live, missing):
    chosen = pairs("es", "common.welcome.full")
    record(live, Act.TRANSLATED, AUTHOR, chosen)
    record(live, Act.REVIEWED, READER, chosen)
    record(live, Act.SIGNED, DOCTOR if missing == "translator" else CHIEF, chosen)
    assert welcome_of(live) == []


def test_a_signature_ends_after_its_time(live):
    sign_all(
        live, pairs("es", "common.welcome.full"), at=NOW - timedelta(days=366), valid_for=timedelta(days=365)
    )
    assert welcome_of(live) == []


def test_a_clinician_of_another_clinic_does_not_count(live):
    live.clinic("hillside", sender="two", address="+15005550008")
    live.do("UPDATE senders SET live = true")
    chosen = pairs("es", "common.welcome.full")
    sign_all(live, chosen)
    live.say(clinic=live.home, language="es")
    assert len(live.run()) == 1
    other = live.clinic("hillside", sender="two", address="+15005550008", live=True)
    live.say(clinic=other, visit="V2", person="P2", phone="+12605550199", language="es")
    assert live.run() == []


def test_a_known_language_without_a_signed_text_falls_back_to_english_with_its_help_line(live):
    sign_all(live, pairs("en", "common.welcome.full"))
    sign_all(live, pairs("es", "common.help_line"))
    (body,) = welcome_of(live)
    first, last = body.rsplit("\n", 1)
    assert first.startswith("Riverside Clinic: welcome to")
    assert last == LIBRARY.catalogs["es"].words["common.help_line"][1][0].format(phone="(555) 010-2000")
    assert live.attempt().language == "en"


def test_without_a_signed_help_line_english_stands_alone(live):
    sign_all(live, pairs("en", "common.welcome.full"))
    (body,) = welcome_of(live)
    assert "\n" not in body


def changed(context, text, edition=1):
    """The library after an author changed one English text; its translation is gone with that."""
    steps = {}
    for pathway_id, pathway in LIBRARY.pathways.items():
        steps[pathway_id] = replace(
            pathway,
            steps=tuple(
                replace(
                    step,
                    variants=tuple(
                        replace(v, text=text, plural=text, edition=edition) if v.context == context else v
                        for v in step.variants
                    ),
                )
                for step in pathway.steps
            ),
        )
    return replace(LIBRARY, pathways=steps)


@pytest.fixture
def author(live):
    """Changes the texts under a running service, and leaves it as it was."""
    before = live.service

    def publish(library: Library) -> None:
        live.service = Service(db=before.db, keys=before.keys, library=library)

    yield publish
    live.service = before


def test_after_an_editorial_change_the_older_signed_pair_serves(live, author):
    sign_all(live, pairs("es", "common.welcome.full"))
    author(changed("common.welcome.full", "{clinic}, {program}: about {count} texts. {emergency}"))
    (body,) = welcome_of(live)
    assert live.attempt().catalog_hash == pairs("es", "common.welcome.full")[0].hash
    assert "911" in body


def test_after_a_clinical_change_older_pairs_are_withdrawn_at_once(live, author):
    sign_all(live, pairs("es", "common.welcome.full"))
    author(changed("common.welcome.full", "{clinic}: {count} texts. {emergency}", edition=2))
    assert welcome_of(live) == []


def test_a_withdrawn_pair_is_a_draft_again(live):
    chosen = pairs("es", "common.welcome.full")
    sign_all(live, chosen)
    record(live, Act.WITHDRAWN, CHIEF, chosen, NOW + timedelta(minutes=1))
    assert welcome_of(live) == []


# ---- the order of acts


@pytest.mark.parametrize(
    ("acts", "says"),
    [
        ([(Act.REVIEWED, READER)], "nobody is recorded as the author"),
        ([(Act.TRANSLATED, AUTHOR), (Act.REVIEWED, AUTHOR)], "author cannot review"),
        (
            [(Act.TRANSLATED, AUTHOR), (Act.REVIEWED, replace(AUTHOR, person=" ana  AUTORA "))],
            "cannot review",
        ),
        ([(Act.TRANSLATED, AUTHOR), (Act.SIGNED, CHIEF)], "nobody has reviewed"),
        ([(Act.TRANSLATED, AUTHOR), (Act.REVIEWED, READER), (Act.SIGNED, AUTHOR)], "author cannot sign"),
        (
            [(Act.TRANSLATED, AUTHOR), (Act.REVIEWED, READER), (Act.SIGNED, replace(DOCTOR, clinic=None))],
            "signs for a clinic",
        ),
        ([(Act.TRANSLATED, replace(DOCTOR, clinic="nowhere"))], "no clinic 'nowhere'"),
        ([(Act.TRANSLATED, replace(AUTHOR, person="  "))], "a name is needed"),
    ],
)
def test_an_act_out_of_order_is_refused_and_nothing_is_written(world, acts, says):
    chosen = pairs("es", "common.help", "common.opt_out")
    for act, signer in acts[:-1]:
        record(world, act, signer, chosen)
    before = world.one("SELECT count(*) FROM sign_offs")
    with pytest.raises(SignError, match=says):
        record(world, *acts[-1], chosen)
    assert world.one("SELECT count(*) FROM sign_offs") == before


# ---- the tables keep what they were told


@pytest.mark.parametrize("table", ["released_pairs", "sign_offs"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_pairs_and_sign_offs_never_change(world, table, act):
    sign_all(world, pairs("en", "common.help"))
    with pytest.raises((psycopg.Error, sa.exc.DBAPIError)), world.owner.begin() as owner:
        owner.execute(sa.text(act.format(table)))
    assert world.one(f"SELECT count(*) FROM {table}")


def test_the_application_reads_and_never_writes_them(world):
    sign_all(world, pairs("en", "common.help"))
    for table in ("released_pairs", "sign_offs"):
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            world.service.db.transaction() as c,
        ):
            c.execute(sa.text(f"INSERT INTO {table} DEFAULT VALUES"))


def test_a_clinic_sees_its_own_signatures_and_the_translators_only(world):
    other = world.clinic("hillside", sender="two", address="+15005550008")
    sign_all(world, pairs("es", "common.help"))
    with world.service.db.transaction([other.clinic_id]) as connection:
        roles = {
            s.role for acts in load_ledger(connection).signed.values() for s in acts if s.act is Act.SIGNED
        }
    assert roles == {Role.TRANSLATOR}


# ---- the ledger travels


def test_the_ledger_travels_as_lines_and_arrives_whole(world):
    sign_all(world, pairs("es", "common.help", "common.opt_out"))
    with world.owner.begin() as owner:
        ledger = load_ledger(owner)
    lines = list(to_lines(ledger))
    world.begin()
    with world.owner.begin() as owner:
        assert take_ledger(owner, *from_lines(lines)) == 8
        assert take_ledger(owner, *from_lines(lines)) == 0
        assert load_ledger(owner).signed == ledger.signed


def test_an_altered_line_is_refused(world):
    sign_all(world, pairs("es", "common.help"))
    with world.owner.begin() as owner:
        lines = list(to_lines(load_ledger(owner)))
    with pytest.raises(LedgerLineError, match="altered"):
        from_lines([line.replace("911", "912").replace("{emergency}", "{phone}") for line in lines])
    with pytest.raises(LedgerLineError, match="does not hold"):
        from_lines(lines[1:])
    with pytest.raises(LedgerLineError, match="line 1"):
        from_lines(["{"])


def test_the_ways_out_and_the_answers_to_danger_have_to_be_signed_before_a_live_start(live):
    with live.service.db.transaction([live.home.clinic_id]) as connection:
        missing = unsigned_essentials(connection, LIBRARY, NOW)
    assert [m.rsplit(" ", 1)[1] for m in missing] == [
        *("opt_out", "help", "red_flag", "crisis", "opt_out_red_flag", "opt_out_crisis")
    ]
    sign_all(live, pairs("en", *(f"common.{name}" for name in (m.rsplit(" ", 1)[1] for m in missing))))
    with live.service.db.transaction([live.home.clinic_id]) as connection:
        assert unsigned_essentials(connection, LIBRARY, NOW) == []


def test_a_pair_is_bound_to_its_every_word():
    one = Pair(context="a.b.c", locale="es", sources=("x",), strings=("y",))
    assert len({one.hash, replace(one, strings=("y.",)).hash, replace(one, locale="fr").hash,
                replace(one, sources=("x", "y"), strings=()).hash}) == 4  # fmt: skip
