"""A snapshot is put back, a provider remembers: nothing goes again, and what patients said still holds.

The rows of the moment of the snapshot are put back as they were, on a real PostgreSQL; the provider is a real
sandbox, which forgets nothing.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from integration.service.rehearsal import RealProvider, SandboxProcess, forget
from integration.service.world import ADDRESS, ANA, BEN, NOW, at, event

from sms_service.use_cases import recall as recall_module
from sms_service.use_cases.guard_restore import RESTORED, guard_restore, reconcile_since

SERVICE = "MG" + "5" * 32


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("recall") / "sandbox.sqlite", "--receipt-delay", "0")
    yield process
    process.stop()


@pytest.fixture
def past(world, sandbox, monkeypatch):
    """A world whose provider is real and whose database can go back."""
    forget(sandbox)
    monkeypatch.setattr(world, "boot", float("inf"))
    world.provider = RealProvider(sandbox)
    guard_restore(world.service)
    return Past(world, sandbox)


class Past:
    """What was said since the snapshot, to be said again, and the way back to it."""

    def __init__(self, world, sandbox):
        self.world, self.sandbox = world, sandbox
        self.events, self.kept, self.since = [], {}, None

    def snapshot(self):
        self.since = datetime.now(UTC)
        for table in self.world.tables:
            self.world.do(
                f"DROP TABLE IF EXISTS public.kept_{table}; CREATE TABLE kept_{table} AS TABLE {table}"
            )
        self.numbers = self.world.all("SELECT sequencename AS name, last_value AS at FROM pg_sequences")

    def restore(self):
        """The rows and the numbers to give out are those of the snapshot, and the database is another one."""
        world = self.world
        emptied = "; ".join(f"DELETE FROM {table}" for table in world.tables)
        world.do(f"SET session_replication_role = replica; {emptied}")
        for table in world.tables:
            world.do(
                f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE kept_{table}; DROP TABLE kept_{table}"
            )
        world.do("RESET session_replication_role")
        for row in self.numbers:
            world.do(f"SELECT setval('{row.name}', {row.at or 1}, {row.at is not None})")
        world.do("UPDATE deployment SET system_identifier = '1'")
        assert guard_restore(world.service) is True
        for body, clinic in self.events:  # the clinics send again what they sent since
            world.take(body, clinic)

    def say(self, kind="booked", visit="V1", person="P1", clinic=None, **said):
        body = event(kind, visit, person, **said)
        if self.since is not None:
            self.events.append((body, clinic))
        return self.world.take(body, clinic).outcome

    def reply(self, body, phone=ANA, to=ADDRESS):
        """The patient texts; the provider tells us, and remembers it."""
        self.settle()
        said = self.sandbox.post(f"phones/{phone}/reply", {"body": body, "to": to})
        assert self.world.reply(body, phone, sid=said["sid"], addresses=(to,)) != "unrouted"

    def run(self, until=None):
        self.world.run() if until is None else self.world.run_to(until)
        self.settle()

    def settle(self):
        for _ in range(2000):
            if self.sandbox.settled():
                return
            with suppress(TimeoutError):
                asyncio.run(asyncio.wait_for(asyncio.Event().wait(), 0.005))
        raise AssertionError("the sandbox did not come to rest")

    def learn(self):
        provider = self.world.provider
        counts = asyncio.run(reconcile_since(self.world.service, provider, self.since, self.world.now))
        assert self.world.one("SELECT count(*) FROM holds WHERE released_at IS NULL") == 0
        return counts

    @property
    def texts(self):
        return Counter((text["to"], text["body"]) for text in self.sandbox.texts(limit=1000))


def rows(world):
    """Everything that the rules read, without when it was written."""
    return {
        table: world.all(f"SELECT {columns} FROM {table} ORDER BY id")
        for table, columns in {
            "messages": "id, appointment_id, step, occasion, merged, state, reason, due, until, sent_at,"
            " told, tells, question, answer, facts",
            "attempts": "id, message_id, state, sid, status",
            "replies": "id, sid, answer, message_id",
            "tasks": "id, kind, cause, cause_id, state, due",
        }.items()
    }


def all_sent(world, visit="V1"):
    return {step for step, (state, _) in world.states(visit).items() if state in {"sent", "delivered"}}


# ---- texts of the lost time


def test_a_visit_booked_after_the_snapshot_and_its_texts_are_not_told_again(past):
    past.snapshot()
    past.say()
    past.run(NOW + timedelta(days=13))
    before, sent = past.texts, all_sent(past.world)
    assert {"welcome", "education", "safety"} <= sent
    past.restore()
    assert past.world.tick() == []
    assert past.learn()["already_sent"] == before.total()
    assert all_sent(past.world) == sent
    past.run()
    assert past.texts == before
    past.run(at("2027-05-19 19:00"))
    assert past.texts.total() > before.total()
    assert set(past.texts.values()) == {1}


def test_a_text_in_another_language_than_the_patient_reads_by_now_is_known(past):
    past.snapshot()
    past.say()
    past.run()
    past.say("patient", None, language="es")
    before = past.texts
    past.restore()
    assert past.learn()["already_sent"] == 1
    assert past.world.attempt().language == "en"
    past.run()
    assert past.texts == before


def test_a_merged_first_text_is_known_for_all_it_carried(past):
    """Booked late and completed after the snapshot: the welcome was in a text that nobody plans any more."""
    past.snapshot()
    past.say(start="2027-05-03T11:30:00")
    past.run(at("2027-05-03 12:00"))
    assert past.world.message("logistics").merged == ["welcome"]
    past.say("completed", procedure={"done": True, "injectate": "steroid"})
    past.run(at("2027-05-03 16:00"))
    before = past.texts
    past.restore()
    past.learn()
    assert "welcome" in past.world.message("logistics").merged
    past.run(at("2027-05-30 12:00"))
    again = past.texts
    assert again & before == before
    assert set(again.values()) == {1}
    assert not [body for _, body in again - before if "STOP" in body], "nobody is welcomed after the visit"


def test_a_cancellation_that_was_told_is_not_told_again(past):
    past.say()
    past.run()
    past.snapshot()
    past.say("cancelled", reason="clinic")
    past.run(NOW + timedelta(minutes=11))
    before = past.texts
    assert past.world.message("cancelled").tells == "cancelled"
    past.restore()
    assert past.learn()["already_sent"] == 1
    assert past.world.message("cancelled").tells == "cancelled"
    past.run(NOW + timedelta(days=3))
    assert past.texts == before


def test_a_visit_that_moved_twice_is_told_neither_time_again(past):
    past.say()
    past.run()
    past.snapshot()
    past.say("rescheduled", start="2027-05-21T11:00:00")
    past.run(NOW + timedelta(hours=1))
    past.say("rescheduled", start="2027-05-24T14:00:00", time=NOW + timedelta(hours=2))
    past.world.set(NOW + timedelta(hours=2))
    past.run(NOW + timedelta(hours=3))
    before = past.texts
    assert before.total() == 3
    past.restore()
    assert past.learn()["already_sent"] == 2
    told = past.world.all("SELECT occasion, told FROM messages WHERE step = 'moved' ORDER BY occasion")
    assert [row.told for row in told] == [None, at("2027-05-24 14:00")], (
        "of the first nobody knows the instant"
    )
    past.run(NOW + timedelta(hours=5))
    assert past.texts == before


def test_a_move_back_and_forth_leaves_the_patient_with_the_time_last_told(past):
    past.say()
    past.run()
    past.snapshot()
    past.say("rescheduled", start="2027-05-21T11:00:00")
    past.run(NOW + timedelta(hours=1))
    past.world.set(NOW + timedelta(hours=2))
    past.say("rescheduled", start="2027-05-20T09:30:00", time=NOW + timedelta(hours=2))
    past.run(NOW + timedelta(hours=3))
    before = past.texts
    assert before.total() == 3
    past.restore()
    past.learn()
    past.run(NOW + timedelta(hours=5))
    assert past.texts == before


def test_a_retry_that_left_after_the_snapshot_does_not_leave_again(past):
    past.say()
    past.run()
    attempt = past.world.attempt()
    assert past.world.receipt(attempt.id, "undelivered", 30003, of=attempt.sid, to=ANA) == "applied"
    past.world.set(past.world.message("welcome").due)
    past.snapshot()
    past.run()
    before = past.texts
    assert before.total() == 2
    past.restore()
    past.learn()
    past.run()
    assert past.texts == before


def test_in_real_time_a_text_counts_as_sent_when_the_provider_made_it(past):
    """Caps and the newest question depend on it; its due time is that of the event that was said again."""
    past.world.do("UPDATE patient_clock SET position = NULL")
    always = past.world.clinic("hill", hours={"opens": "00:00", "closes": "23:59:59"})
    past.snapshot()
    soon = (datetime.now(UTC) + timedelta(days=17)).strftime("%Y-%m-%dT12:00:00")
    past.say(start=soon, time=datetime.now(UTC), clinic=always)
    past.run()
    (made,) = asyncio.run(past.world.provider.page()).traces
    past.restore()
    past.learn()
    assert past.world.message("welcome").sent_at == made.created_at
    assert past.world.message("welcome").due > made.created_at


# ---- which visit


def test_the_same_step_of_two_visits_is_bound_to_the_visit_it_names(past):
    past.say("booked", "V1", start="2027-05-20T13:30:00")
    past.say("booked", "V2", start="2027-06-20T11:30:00")
    past.run()
    past.snapshot()
    past.say("cancelled", "V2", reason="clinic")
    past.run(NOW + timedelta(minutes=11))
    past.say("cancelled", "V1", reason="clinic", time=NOW + timedelta(minutes=20))
    past.world.set(NOW + timedelta(minutes=20))
    before = past.texts
    past.restore()
    assert past.learn()["already_sent"] == 1
    assert past.world.message("cancelled", "V2").sent_at is not None
    assert past.world.message("cancelled", "V1").sent_at is None
    past.run(NOW + timedelta(hours=1))
    assert (past.texts - before).total() == 1


def test_an_old_visit_whose_text_came_too_late_does_not_take_the_new_ones(past):
    """Its step was left out for its window, with a due time long before; the text is the next visit's."""
    past.say("booked", "V1", start="2027-05-20T09:30:00")
    past.say("booked", "V2", start="2027-06-20T09:30:00")
    past.run(at("2027-05-12 12:00"))
    past.world.set(at("2027-05-15 12:00"))
    past.run()
    old = past.world.message("education", "V1")
    assert (old.state, old.reason) == ("skipped", "window_passed")
    past.snapshot()
    past.run(at("2027-06-13 12:00"))
    past.restore()
    past.learn()
    assert past.world.message("education", "V1").sent_at is None
    assert past.world.message("education", "V2").sent_at is not None


def test_a_text_of_an_event_that_nobody_sent_again_is_not_laid_to_a_visit_long_over(past):
    past.say("booked", "V1", start="2027-05-05T15:00:00")
    past.run(at("2027-05-05 12:00"))
    past.world.set(at("2027-08-10 10:00"))
    past.snapshot()
    past.say("booked", "V2", start="2027-08-30T09:30:00", time=at("2027-08-10 10:00"))
    past.run(at("2027-08-24 12:00"))
    assert past.world.message("education", "V2").sent_at is not None
    past.events.clear()
    past.restore()
    assert "already_sent" not in past.learn()


def test_visits_of_one_day_share_a_text_that_names_both_times(past):
    past.snapshot()
    past.say("booked", "V1", start="2027-05-20T09:30:00")
    past.say("booked", "V2", start="2027-05-20T14:00:00")
    past.run(at("2027-05-19 19:00"))
    before = past.texts
    assert [body for _, body in before if "9:30 AM, 2:00 PM" in body]
    sent = all_sent(past.world, "V1"), all_sent(past.world, "V2")
    past.restore()
    past.learn()
    assert (all_sent(past.world, "V1"), all_sent(past.world, "V2")) == sent
    past.run()
    assert past.texts == before


def test_on_a_shared_phone_the_name_in_front_says_whose_text_it_was(past):
    past.say("booked", "V1", "P1", given="Ana")
    past.say("booked", "V2", "P2", given="Ben", start="2027-05-21T09:30:00")
    past.run()
    bens = "WHERE step = 'education' AND patient_id = (SELECT id FROM patients WHERE external_id = 'P2')"
    past.world.do(f"UPDATE messages SET due = due - interval '2 days' {bens}")
    past.snapshot()
    past.world.do(f"UPDATE messages SET state = 'waiting', reason = 'not_yet' {bens}")
    past.run(at("2027-05-13 12:00"))
    assert [body for _, body in past.texts if body.startswith("Ana: Your injection: a thin")]
    past.restore()
    past.learn()
    assert past.world.message("education", "V1").sent_at is not None
    assert past.world.message("education", "V2").sent_at is None


def test_two_clinics_on_one_sender_know_their_own_texts_to_one_number(past):
    hill = past.world.clinic("hill")
    past.snapshot()
    past.say("booked", "V2", "P2", clinic=hill)
    past.run()
    past.world.set(NOW + timedelta(minutes=5))
    past.say("booked", "V1", "P1")
    past.events.reverse()  # the other clinic is the quicker one now
    past.restore()
    past.world.do("UPDATE messages SET due = %s WHERE step = 'welcome' AND clinic_id = %s",
                  NOW, past.world.home.clinic_id)  # fmt: skip
    past.learn()
    assert past.world.message("welcome", "V2").sent_at is not None
    assert past.world.message("welcome", "V1").sent_at is None


def test_a_text_to_a_number_that_is_nobodys_is_left_alone(past):
    past.snapshot()
    past.say(phone=BEN)
    past.run()
    past.events.clear()
    past.restore()
    assert past.learn() == {}
    assert past.world.one("SELECT count(*) FROM messages") == 0


def test_a_number_that_a_patient_gave_up_since_is_not_mistaken_for_anothers(past):
    past.say("booked", "V2", "P2", phone=BEN)
    past.run()
    past.snapshot()
    past.run(at("2027-05-13 12:00"))
    past.say("patient", None, "P2", phone="+12605550177")
    past.restore()
    past.learn()
    assert past.world.message("education", "V2").sent_at is None


def test_through_a_messaging_service_texts_and_replies_are_known(past):
    # the sandbox has one number, and here it is behind the service
    past.world.do("UPDATE senders SET address = '+15005550010'")
    other = past.world.clinic("hill", sender="service", address=SERVICE)
    past.snapshot()
    past.say("booked", "V2", "P2", clinic=other, phone=BEN)
    past.run()
    (text,) = past.sandbox.texts()
    past.sandbox.post(f"phones/{BEN}/reply", {"body": "STOP"})
    before = past.texts
    assert text["to"] == BEN
    past.restore()
    counts = past.learn()
    assert (counts["already_sent"], counts["replies_read_again"]) == (1, 1)
    past.run(NOW + timedelta(days=14))
    assert [body for _, body in past.texts - before] == [
        body for _, body in past.texts - before if "START" in body
    ]


# ---- replies of the lost time


def test_a_stop_after_the_snapshot_is_honoured_again_and_confirmed_once(past):
    past.say()
    past.run()
    past.snapshot()
    past.reply("STOP")
    past.run()
    before = past.texts
    assert before.total() == 2
    past.restore()
    assert past.world.one("SELECT count(*) FROM suppressions") == 0
    counts = past.learn()
    assert (counts["replies_read_again"], counts["already_sent"]) == (1, 1)
    assert past.world.one("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL") == 1
    past.run(at("2027-05-20 12:00"))
    assert past.texts == before


def test_an_answer_after_the_snapshot_answers_the_question_it_was_for(past):
    past.say()
    past.run()
    past.snapshot()
    past.run(at("2027-05-15 12:00"))
    assert past.world.message("safety").question == "safety"
    past.reply("2")
    past.run()
    before = past.texts
    past.restore()
    past.learn()
    assert past.world.message("safety").answer == 2
    assert past.world.one("SELECT message_id FROM replies") == past.world.message("safety").id
    past.run()
    assert past.texts == before


def test_an_answer_that_never_left_and_is_too_late_by_now_does_not_leave(past, monkeypatch):
    """The law gives the confirmation of STOP five minutes."""
    past.say()
    past.run()
    past.snapshot()
    past.reply("STOP")  # the server is lost before the confirmation leaves
    before = past.texts
    past.restore()

    class InTenMinutes(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(minutes=10)

    monkeypatch.setattr(recall_module, "datetime", InTenMinutes)
    past.learn()
    past.run()
    assert past.texts == before
    assert past.world.all("SELECT state, reason FROM messages WHERE cause = 'reply'") == [
        ("skipped", "window_passed")
    ]


def test_an_answer_that_never_left_and_is_still_of_use_leaves(past):
    past.say()
    past.run()
    past.snapshot()
    past.reply("HELP")
    before = past.texts
    past.restore()
    past.learn()
    past.run()
    assert (past.texts - before).total() == 1


def test_what_was_written_to_another_number_of_the_account_is_not_kept(past):
    past.say()
    past.run()
    past.snapshot()
    past.sandbox.post(f"phones/{ANA}/reply", {"body": "STOP", "to": "+15005550099"})
    past.restore()
    assert past.learn() == {"replies_elsewhere": 1}
    assert past.world.one("SELECT count(*) FROM suppressions") == 0
    assert past.world.one("SELECT count(*) FROM unrouted_replies") == 0


# ---- how it ends


def test_what_could_not_be_delivered_of_a_step_that_nobody_plans_any_more_is_written_down(past):
    """It has no window by now, and is not tried again."""
    past.sandbox.post("faults", {"outcomes": {ANA: 30003}})
    past.snapshot()
    past.say(start="2027-05-05T15:00:00")
    past.run()
    past.say("completed", procedure={"done": True, "injectate": "none"}, time=at("2027-05-05 15:30"))
    past.world.set(at("2027-05-05 15:30"))
    past.restore()
    past.learn()
    assert past.world.states()["welcome"] == ("undelivered", "undelivered")


def test_of_redacted_texts_the_first_that_waits_is_taken_and_a_person_is_asked(past):
    past.snapshot()
    past.say()
    past.run()
    (text,) = past.sandbox.client().messages.list(to=ANA)
    text.update(body="")
    before = past.texts
    past.restore()
    past.world.set(NOW + timedelta(minutes=5))
    assert past.learn()["already_sent"] == 1
    assert past.world.tasks() == ["untraceable"]
    past.run()
    assert past.texts == before


def test_a_second_run_changes_nothing(past):
    past.say()
    past.run()
    past.snapshot()
    past.reply("HELP")
    past.run(at("2027-05-15 12:00"))
    past.reply("1")
    past.run()
    past.say("rescheduled", start="2027-05-21T11:00:00", time=NOW + timedelta(days=12))
    past.run(at("2027-05-15 13:00"))
    past.restore()
    past.learn()
    first, before = rows(past.world), past.texts
    assert past.learn() == {"replies_known": 2}
    assert rows(past.world) == first
    past.run()
    assert past.texts == before


def test_a_run_that_was_killed_before_it_planned_again_is_made_good_by_the_next(past, monkeypatch):
    """The first text was bound, and the welcome it carried still waits: the hold is what saves it."""
    past.snapshot()
    past.say(start="2027-05-05T15:00:00")
    past.run()
    before = past.texts
    past.say("rescheduled", start="2027-05-20T09:30:00")
    past.restore()
    assert past.world.message("welcome").state == "planned"
    with monkeypatch.context() as patch:
        patch.setattr(recall_module, "_plan_again", _killed)
        with pytest.raises(KeyboardInterrupt):
            past.learn()
    assert past.world.one("SELECT reason FROM holds WHERE released_at IS NULL") == RESTORED
    assert past.world.tick() == []
    past.learn()
    past.run()
    assert past.texts == before


def _killed(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("before", ["HELP", "where do I park"])
def test_an_answer_left_out_long_ago_is_not_taken_for_one_in_other_words(past, before):
    """Read again after closing time, a reply is given other words; an old answer is in nobody's way."""
    past.say()
    past.run()
    past.world.do("INSERT INTO holds (scope, target, reason) VALUES ('all', 0, 'test')")
    past.reply(before)
    past.world.do("UPDATE holds SET released_at = now()")
    past.world.set(past.world.now + timedelta(hours=2))
    past.run()
    assert past.world.all("SELECT state FROM messages WHERE cause = 'reply'") == [("skipped",)]
    past.snapshot()
    past.reply("what should I bring")
    past.run()
    texts = past.texts
    past.restore()
    past.world.set(at("2027-05-03 22:00"))
    past.learn()
    past.run()
    assert past.texts == texts
    states = past.world.all("SELECT state FROM messages WHERE cause = 'reply' ORDER BY id")
    assert states[0].state == "skipped"


def test_a_text_that_carried_the_welcome_is_not_laid_to_the_visit_that_was_welcomed_before(past):
    past.say(visit="V1", start="2027-05-15T16:30:00")
    past.run(at("2027-05-08 12:00"))
    past.snapshot()
    past.run(at("2027-05-10 10:30"))  # the safety question of the first visit
    past.say(visit="V2", start="2027-05-10T12:00:00")
    past.say("cancelled", "V1", reason="clinic")
    past.run(at("2027-05-10 11:00"))
    assert past.world.message("logistics", "V2").merged == ["welcome"]
    before = past.texts
    past.restore()
    past.learn()
    past.run()
    again = past.texts
    assert again & before == before
    assert not [body for _, body in again - before if "welcome" in body]


def test_a_check_in_is_of_the_visit_that_took_place(past):
    past.say(visit="V1", start="2027-05-04T13:00:00")
    past.run(at("2027-05-04 14:00"))
    past.say(visit="V2", start="2027-05-20T09:30:00")
    past.say("cancelled", "V2", reason="clinic")  # leaves a row of each step behind
    past.say(visit="V2", start="2027-05-20T09:30:00")
    past.snapshot()
    past.say("completed", "V1", time=at("2027-05-04 13:45"), procedure={"done": True, "injectate": "none"})
    past.run(at("2027-05-05 15:00"))
    asked = [body for _, body in past.texts if "how are you after" in body]
    assert len(asked) == 1
    past.restore()
    past.learn()
    past.run(at("2027-05-07 20:00"))
    assert [text for text in past.texts.items() if "how are you after" in text[0][1]] == [
        ((ANA, asked[0]), 1)
    ]
    assert past.world.message("check_in", "V1").state in {"sent", "delivered"}


def test_a_text_that_carried_the_welcome_is_not_of_a_visit_that_was_welcomed_before(past):
    past.say(visit="V1", start="2027-05-20T15:30:00")
    past.run(at("2027-05-09 12:00"))
    past.snapshot()
    past.say(visit="V2", start="2027-05-09T13:30:00")
    past.run(at("2027-05-09 13:00"))
    assert past.world.message("logistics", "V2").merged == ["welcome"]
    before = past.texts
    past.world.set(at("2027-05-10 11:00"))
    past.restore()
    past.learn()
    past.run()
    again = past.texts
    assert again & before == before
    assert not [body for _, body in again - before if "welcome" in body or "STOP" in body]
    past.run(at("2027-05-15 12:00"))
    assert past.world.message("safety", "V1").state in {"sent", "delivered"}, "its own question is asked"
