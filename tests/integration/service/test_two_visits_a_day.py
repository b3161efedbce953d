"""Visits of one day share their texts; what is cancelled is one of them alone."""

from datetime import timedelta

from integration.service.world import NOW, at


def test_a_cancellation_names_its_own_time_and_not_that_of_the_visit_that_stands(world):
    world.say("booked", "V1", start="2027-05-20T10:00:00")
    world.say("booked", "V2", start="2027-05-20T11:30:00")
    world.run_to(NOW + timedelta(hours=1))
    world.say("cancelled", "V1", reason="clinic")
    notice = [body for body in bodies(world.run_to(NOW + timedelta(hours=2))) if "canceled" in body]
    assert len(notice) == 1
    assert "10:00" in notice[0]
    assert "11:30" not in notice[0], "the patient would stay away from the visit that takes place"


def test_texts_about_both_list_both_times(world):
    world.say("booked", "V1", start="2027-05-20T10:00:00")
    world.say("booked", "V2", start="2027-05-20T11:30:00")
    prepare = [body for body in bodies(world.run_to(at("2027-05-19 12:00"))) if "Get ready" in body]
    assert len(prepare) == 1
    assert "10:00" in prepare[0]
    assert "11:30" in prepare[0]


def bodies(requests):
    return [request.body for request in requests]
