"""An event that cannot be applied must not leave a patient with old news and nobody the wiser."""

UNKNOWN_TYPE = {"code": "XYZ", "text": "Something nobody mapped"}


def test_a_cancellation_counts_whatever_the_visit_is_called(world):
    world.say("booked")
    world.run()
    assert world.say("cancelled", type=UNKNOWN_TYPE) == "applied"
    assert world.one("SELECT status FROM appointments") == "cancelled"


def test_a_move_that_cannot_be_applied_makes_a_task(world):
    world.say("booked")
    assert world.say("rescheduled", type=UNKNOWN_TYPE) == "quarantined"
    assert "read_event" in world.tasks()


def test_an_unreadable_booking_of_an_unknown_visit_waits_in_quarantine_alone(world):
    assert world.say("booked", type=UNKNOWN_TYPE) == "quarantined"
    assert world.tasks() == []
