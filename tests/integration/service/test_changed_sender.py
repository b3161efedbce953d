"""A clinic moves to another sender: patients still write to the number they know."""

from datetime import timedelta

from integration.service.world import ADDRESS, ANA, BEN, at, event

from sms_service.use_cases.replan_all import replan_clinic

NEW = "+15005550099"


def texted_and_moved(world):
    """The welcome went out from the old sender; then the clinic was given a new one."""
    world.say("booked")
    world.run()
    return world.clinic("riverside", sender="two", address=NEW)


def test_stop_to_a_clinics_former_sender_counts(world):
    texted_and_moved(world)
    assert world.reply("STOP", addresses=(ADDRESS,)) == "opt_out"
    assert world.one("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL") == 1
    assert [request.sender for request in world.run()] == [ADDRESS]  # its confirmation
    world.say("booked", "V9", start="2027-05-27T09:30:00")
    assert world.run_to(at("2027-05-27 09:00")) == []


def test_stop_to_a_clinics_new_sender_counts_before_it_ever_texted(world):
    texted_and_moved(world)
    assert world.reply("STOP", addresses=(NEW,)) == "opt_out"
    assert world.run_to(at("2027-05-18 12:00"))[1:] == []


def test_start_to_the_former_sender_counts_too(world):
    texted_and_moved(world)
    world.reply("STOP")
    world.reply("START")
    assert world.one("SELECT count(*) FROM suppressions WHERE lifted_at IS NULL") == 0


def test_an_answer_to_a_question_of_the_former_sender_is_understood(world):
    world.say("booked")
    world.run_to(world.message("safety").due)
    world.clinic("riverside", sender="two", address=NEW)
    assert world.reply("2") == "answer"
    assert world.message("safety").answer == 2


def test_a_stranger_to_the_former_sender_is_still_a_stranger(world):
    texted_and_moved(world)
    assert world.reply("STOP", phone=BEN) == "unrouted"
    world.say("booked", "V2", "P2", phone=BEN)
    assert world.reply("hello", phone=BEN, addresses=(ADDRESS,)) == "unrouted"


def test_pending_texts_follow_the_new_sender(world):
    made = texted_and_moved(world)
    assert replan_clinic(world.service, made.clinic_id) == 1
    assert {
        row.sender_id
        for row in world.all("SELECT sender_id FROM messages WHERE state IN ('planned', 'waiting')")
    } == {made.sender_id}
    assert world.message("welcome").sender_id == world.home.sender_id
    went = world.run_to(at("2027-05-20 08:00"))
    assert went
    assert {request.sender for request in went} == {NEW}


def test_a_text_claimed_for_the_former_sender_leaves_from_the_new_one_alone(world):
    world.say("booked")
    (batch,) = world.tick()
    made = world.clinic("riverside", sender="two", address=NEW)
    replan_clinic(world.service, made.clinic_id)
    assert world.send(batch).attempted == 0
    assert [request.sender for request in world.run()] == [NEW]


def test_another_clinic_that_stays_on_the_sender_keeps_it(world):
    other = world.clinic("hill")
    world.take(event("booked", "V2", "P2", phone=BEN), other)
    made = texted_and_moved(world)
    replan_clinic(world.service, made.clinic_id)
    world.set(world.now + timedelta(hours=1))
    assert {(r.to, r.sender) for r in world.run_to(at("2027-05-20 08:00"))} == {(ANA, NEW), (BEN, ADDRESS)}
