"""What a patient writes is understood or read by a person; after STOP, one confirmation and silence."""

import threading
from datetime import timedelta

import pytest
from integration.service.world import ADDRESS, ANA, BEN, INDEX, NOW, at, event

from sms_service.store.keyring import KeyRing
from sms_service.use_cases.service import Service

OTHER_INDEX = bytes(range(64, 96))


def answers(world):
    return [
        (row.step, row.facts["text"])
        for row in world.all("SELECT step, facts FROM messages WHERE cause = 'reply' ORDER BY id")
    ]


def asked(world, step, moment):
    """Let time pass until the step has gone out."""
    world.say("booked", start="2027-05-20T14:00:00")
    world.run_to(at(moment))
    assert world.message(step).sent_at is not None


def safety(world):
    asked(world, "safety", "2027-05-15 10:05")


def confirm(world):
    asked(world, "confirm", "2027-05-17 10:05")


def check_in(world):
    asked(world, "prepare", "2027-05-19 10:05")
    world.set(at("2027-05-20 14:30"))
    world.say("completed", procedure={"done": True}, time=world.now)
    world.run_to(at("2027-05-21 10:05"))
    assert world.message("check_in").sent_at is not None


# ---- STOP


def test_stop_is_confirmed_once_and_nothing_follows(world):
    world.say("booked")
    world.run()
    assert world.reply("STOP") == "opt_out"
    (confirmation,) = world.run()
    assert "no more texts" in confirmation.body
    assert world.run_to(NOW + timedelta(days=30)) == []
    assert {state for state, _ in world.states().values()} == {"sent", "skipped"}
    assert "phone_instead" in world.tasks()


def test_a_second_stop_gets_no_second_confirmation(world):
    world.say("booked")
    world.run()
    world.reply("STOP")
    world.run()
    world.reply("stop")
    world.reply("STOP.")
    assert world.run() == []


def test_nothing_that_happens_after_stop_is_texted(world):
    world.say("booked")
    world.run()
    world.reply("STOP")
    world.run()
    world.say("rescheduled", start="2027-05-24T11:00:00")
    world.say("booked", "V2", "P1", start="2027-05-26T11:00:00")
    world.say("cancelled", reason="clinic")
    assert world.run_to(NOW + timedelta(days=40)) == []


def test_an_answer_that_was_queued_before_stop_is_not_sent_after_it(world):
    world.say("booked")
    world.run()
    world.reply("HELP")
    world.reply("STOP")
    (request,) = world.run()
    assert "no more texts" in request.body


@pytest.mark.parametrize("word", ["STOP", "Stop.", "unsubscribe", "ALTO", "parar", "don't text me"])
def test_stop_words_of_every_language_stop(world, word):
    world.say("booked")
    assert world.reply(word) == "opt_out"


def test_stop_at_night_is_confirmed_at_once(world):
    world.say("booked")
    world.run()
    world.set(at("2027-05-03 23:30"))
    world.reply("STOP")
    assert len(world.run()) == 1


def test_a_confirmation_that_could_not_go_within_five_minutes_does_not_go(world):
    world.say("booked")
    world.run()
    world.reply("STOP")
    world.set(world.now + timedelta(minutes=6))
    assert world.run() == []


def test_where_the_provider_confirmed_we_send_nothing(world):
    world.say("booked")
    world.run()
    assert world.reply("STOP", provider_confirmed=True) == "opt_out"
    assert world.run_to(NOW + timedelta(days=30)) == []


def test_a_word_that_only_the_provider_knows_as_stop_stops(world):
    world.say("booked")
    world.run()
    assert world.reply("basta ya", provider_confirmed=True) == "opt_out"
    assert world.states()["safety"] == ("skipped", "opted_out")


def test_what_the_provider_blocks_is_not_texted_by_a_clinic_that_comes_later(world):
    world.say("booked")
    world.reply("STOP", provider_confirmed=True)
    later = world.clinic("hill")
    world.say("booked", "V2", "P2", clinic=later)
    assert world.run() == []
    assert world.states("V2")["welcome"] == ("skipped", "sender_blocked")


def test_where_the_provider_answers_stop_other_replies_are_still_answered(world):
    world.clinic(opt_out_reply="provider")
    confirm(world)
    world.reply("1")
    assert len(world.run()) == 1
    world.reply("STOP")
    assert world.run() == []


def test_stop_to_a_sender_of_two_clinics_stops_both_with_one_confirmation(world):
    other = world.clinic("hill")
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", clinic=other)
    world.run()
    world.reply("STOP")
    assert len(world.run()) == 1
    assert world.run_to(NOW + timedelta(days=30)) == []
    assert world.one("SELECT count(*) FROM suppressions") == 2


def test_stop_to_one_sender_leaves_another_senders_clinic_alone(world):
    other = world.clinic("hill", sender="two", address="+15005550007")
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", clinic=other)
    world.run()
    world.reply("STOP")
    world.run()
    later = world.run_to(NOW + timedelta(days=13))
    assert {request.sender for request in later} == {"+15005550007"}


def test_stop_from_a_shared_phone_stops_the_texts_for_everyone_on_it(world):
    world.say("booked", "V1", "P1")
    world.say("booked", "V2", "P2", given="Ben")
    world.run()
    world.reply("STOP")
    assert len(world.run()) == 1
    assert world.run_to(NOW + timedelta(days=30)) == []


def test_a_patient_booked_after_stop_is_not_texted(world):
    world.say("booked")
    world.reply("STOP")
    world.run()
    world.say("booked", "V2", "P2")
    assert world.run() == []
    assert world.states("V2")["welcome"] == ("skipped", "opted_out")


def test_stop_counts_while_the_index_key_rotates(world):
    world.say("booked")
    world.run()
    rotating = KeyRing([bytes(range(32))], [OTHER_INDEX, INDEX])
    before, world.service = (
        world.service,
        Service(db=world.service.db, keys=rotating, library=world.service.library),
    )
    try:
        assert world.reply("STOP") == "opt_out"
        assert len(world.run()) == 1
        assert world.run_to(NOW + timedelta(days=30)) == []
    finally:
        world.service = before


def test_start_brings_the_texts_back(world):
    world.say("booked")
    world.run()
    world.reply("STOP")
    world.run()
    world.set(NOW + timedelta(hours=1))
    assert world.reply("START") == "opt_in"
    (request,) = world.run()
    assert "again" in request.body
    assert world.states()["safety"][0] == "planned"


def test_start_after_the_provider_blocked_lifts_the_block(world):
    world.say("booked")
    world.run()
    world.reply("STOP", provider_confirmed=True)
    world.reply("START")
    assert len(world.run()) == 1
    assert world.one("SELECT count(*) FROM sender_blocks") == 0


def test_stop_start_stop_confirms_each_time_it_changes_something(world):
    world.say("booked")
    world.run()
    sent = []
    for minutes, word in enumerate(("STOP", "START", "STOP")):
        world.set(NOW + timedelta(minutes=minutes))
        world.reply(word)
        sent += world.run()
    assert len(sent) == 3
    assert world.states()["safety"] == ("skipped", "opted_out")


# ---- HELP and language


def test_help_is_answered_with_the_clinics_phone(world):
    world.say("booked")
    world.run()
    assert world.reply("help?") == "help"
    (request,) = world.run()
    assert "(555) 010-2000" in request.body


def test_help_costs_no_text_of_the_caps(world):
    world.say("booked")
    world.run()
    world.reply("HELP")
    world.run()
    assert not world.one("SELECT bool_or(counts) FROM messages WHERE cause = 'reply'")


def test_a_language_asked_for_is_used_from_then_on(world):
    world.say("booked")
    world.run()
    assert world.reply("Español") == "language"
    world.run()
    assert world.one("SELECT language FROM patients") == "es"
    world.say("patient", None, language="en")  # a feed never overrules the patient
    world.run_to(at("2027-05-15 10:05"))
    assert world.attempt("safety").language == "es"


# ---- digits


@pytest.mark.parametrize(
    ("prepare", "said", "text", "task"),
    [
        (safety, "1", "safety_1", None),
        (safety, "2", "safety_2", "safety_yes"),
        (confirm, "1", "confirm_1", None),
        (confirm, "2", "confirm_2", "change_wanted"),
        (confirm, "change", "confirm_2", "change_wanted"),
        (check_in, "1", "check_in_1", None),
        (check_in, "2", "check_in_2", None),
        (check_in, "3", "check_in_3", "worried"),
    ],
)
def test_a_digit_answers_the_question_that_was_asked(world, prepare, said, text, task):
    prepare(world)
    before = world.tasks()
    assert world.reply(said) == "answer"
    assert answers(world)[-1] == ("answer", text)
    assert len(world.run()) == 1
    new = [kind for kind in world.tasks() if kind not in before]
    assert (task in new) if task else not new


def test_pain_is_asked_after_the_check_in_and_a_high_number_calls_a_nurse(world):
    check_in(world)
    world.reply("1")
    world.run()
    assert world.reply("9") == "answer"
    assert answers(world)[-1] == ("answer", "pain_high")
    assert "worried" in world.tasks()
    (request,) = world.run()
    assert "9 of 10" in request.body


def test_a_low_pain_number_is_noted_and_calls_nobody(world):
    check_in(world)
    world.reply("1")
    world.run()
    world.reply("٣")  # a digit of another script
    assert answers(world)[-1] == ("answer", "pain_noted")
    assert "worried" not in world.tasks()


def test_a_safety_answer_takes_the_patient_off_the_call_list(world):
    safety(world)
    assert "safety_unanswered" in world.tasks("scheduled")
    world.reply("1")
    assert "safety_unanswered" not in world.tasks("scheduled", "open")


def test_coming_is_remembered_for_that_start_and_not_asked_again(world):
    confirm(world)
    world.reply("1")
    assert world.one("SELECT confirmed = starts_at FROM appointments")
    world.run_to(at("2027-05-19 10:05"))
    assert world.attempt("prepare").variant.endswith(("pain", "pain_logistics"))


def test_coming_to_a_time_that_has_moved_since_is_read_by_a_person(world):
    confirm(world)
    world.say("rescheduled", start="2027-05-21T14:00:00", time=world.now)
    assert world.reply("1") == "answer"
    assert answers(world)[-1] == ("answer", "ambiguous")
    assert "read_reply" in world.tasks()
    assert world.one("SELECT confirmed FROM appointments") is None


@pytest.mark.parametrize("said", ["3", "11", "1 2", "yes", "ok thanks", "👍", ""])
def test_what_no_rule_knows_is_read_by_a_person_and_the_patient_hears_so(world, said):
    confirm(world)
    assert world.reply(said) == "unknown"
    assert "read_reply" in world.tasks()
    (request,) = world.run()
    assert "Staff read texts" in request.body


def test_a_digit_without_a_question_is_read_by_a_person(world):
    world.say("booked")
    world.run()
    assert world.reply("1") == "unknown"
    assert "read_reply" in world.tasks()


def test_the_same_digit_twice_answers_once_and_then_goes_to_a_person(world):
    confirm(world)
    assert world.reply("1") == "answer"
    assert world.reply("1") == "unknown"


def test_a_new_question_closes_the_old_one(world):
    safety(world)
    world.run_to(at("2027-05-17 10:05"))
    world.reply("2")
    assert answers(world)[-1] == ("answer", "confirm_2")
    assert world.message("safety").answer is None


def test_outside_clinic_hours_the_answer_names_the_other_phone(world):
    night = world.clinic(after_hours_phone="(555) 010-2999")
    world.say("booked", clinic=night)
    world.run()
    world.set(at("2027-05-03 22:00"))
    world.reply("my arm hurts")
    (request,) = world.run()
    assert "(555) 010-2999" in request.body


def test_a_text_is_answered_whatever_the_record_says_of_consent(world):
    world.say("booked", consent={"sms": False})
    world.reply("HELP")
    assert len(world.run()) == 1


# ---- the webhook repeats, machines talk, strangers write


@pytest.mark.parametrize("said", ["STOP", "HELP", "1", "what?"])
def test_a_webhook_delivered_twice_is_acted_on_once(world, said):
    confirm(world)
    world.reply(said, sid="SMtwice")
    assert world.reply(said, sid="SMtwice") == "repeated"
    assert len(world.run()) == 1
    assert world.one("SELECT count(*) FROM replies") == 1


def test_a_webhook_delivered_again_after_its_answer_went_is_not_taken_for_the_other_clinics(world):
    """The answer changed whom the number belongs to next; the reply is still the same one."""
    other = world.clinic("hill")
    confirm(world)
    world.say("booked", "V2", "P2", clinic=other, time=world.now)
    world.run()
    assert world.reply("1", sid="SMtwice") == "answer"
    world.do(
        "UPDATE messages SET sent_at = %s WHERE clinic_id = %s AND sent_at IS NOT NULL",
        world.now,
        other.clinic_id,
    )
    assert world.reply("1", sid="SMtwice") == "repeated"
    assert world.one("SELECT count(*) FROM replies") == 1


def test_the_same_webhook_twice_at_once_is_acted_on_once(world):
    confirm(world)
    start, said, errors = threading.Barrier(4), [], []

    def post():
        start.wait()
        try:
            said.append(world.reply("1", sid="SMonce"))
        except Exception as error:  # noqa: BLE001 - the finding
            errors.append(error)

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(said) == ["answer", "repeated", "repeated", "repeated"]


def test_two_machines_do_not_talk_for_ever(world):
    world.say("booked")
    world.run()
    for _ in range(30):
        world.reply("I am driving and cannot text")
        world.run()
    assert len(world.provider.sent) == 1 + 8
    assert world.one("SELECT count(*) FROM replies") == 30


def test_stop_is_obeyed_even_when_the_answers_have_run_out(world):
    world.say("booked")
    world.run()
    for _ in range(10):
        world.reply("auto")
    world.reply("STOP")
    world.run()
    assert world.states()["safety"] == ("skipped", "opted_out")


def test_a_stranger_is_noted_and_what_they_wrote_is_not_kept(world):
    assert world.reply("who is this", phone="+12605559999") == "unrouted"
    (row,) = world.all("SELECT * FROM unrouted_replies")
    assert "body" not in row._fields
    assert world.run() == []


def test_a_strangers_stop_counts_for_whoever_gets_that_number_later(world):
    world.reply("STOP", phone=BEN)
    world.say("booked", phone=BEN)
    assert world.run() == []
    assert world.states()["welcome"] == ("skipped", "sender_blocked")


def test_a_text_to_a_sender_that_is_not_ours_is_noted(world):
    world.say("booked")
    assert world.reply("STOP", addresses=("+15005559999",)) == "unrouted"


def test_a_reply_from_a_number_that_passed_to_another_patient_is_theirs(world):
    """The question was put to Ana at a number that is now Ben's: it is not Ben's to answer, but STOP is."""
    confirm(world)
    world.say("patient", None, phone="+12605550777", time=world.now)
    world.say("booked", "V2", "P2", given="Ben", phone=ANA, time=world.now)
    assert world.reply("1") == "unknown"
    assert world.message("confirm").answer is None
    assert world.reply("STOP") == "opt_out"


def test_a_reply_waits_for_an_event_about_the_same_patient_and_both_count(world):
    confirm(world)
    start, errors = threading.Barrier(2), []

    def both(act):
        start.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the finding
            errors.append(error)

    acts = [lambda: world.reply("2"), lambda: world.say("updated", location="L9")]
    threads = [threading.Thread(target=both, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert "change_wanted" in world.tasks()
    assert world.one("SELECT fields->'location'->>0 FROM appointments") == "L9"


def test_replies_come_in_by_the_number_or_by_its_messaging_service(world):
    world.take(event("booked"))
    assert world.reply("HELP", addresses=("MGxyz", ADDRESS)) == "help"
