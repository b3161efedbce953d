"""What the judge says of visits and of the whole: unknown, stuck, lost, told wrongly, forged, too fast."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from unit.judge_story import ANA, BEA, NEW_YORK, SENDERS, USUAL, Story, begun, message, usual

from sms_service.chaos.judge.rules import RULES, violations
from sms_service.chaos.judge.words import steps

TOLD = [what for _, what in USUAL if what not in {None, "completed"}]


# planned


def test_an_event_that_was_accepted_and_that_the_api_does_not_know_is_noticed() -> None:
    story = begun()
    story.listed["V1"] = None
    assert story.broken() == ["planned"]
    del story.visits["V1"]
    assert story.broken() == ["planned"]


def test_a_visit_without_any_text_planned_or_left_out_is_noticed() -> None:
    story = begun()
    story.listed["V1"] = []
    assert story.broken() == ["planned"]


def test_a_cancellation_alone_calls_for_no_text() -> None:
    story = Story().at("2027-05-03 09:00")
    story.starts["V1"] = "2027-05-13 14:00"
    story.event("cancelled", "V1")
    story.listed["V1"] = []
    assert story.broken() == []


def test_an_event_that_was_refused_or_put_aside_is_noticed() -> None:
    refused = begun()
    refused.event("updated", "V1", "2027-05-13 14:00", answered=None, outcome=None)
    assert refused.broken() == ["planned"]
    aside = begun()
    aside.event("updated", "V1", "2027-05-13 14:00", outcome="quarantined")
    assert aside.broken() == ["planned"]
    alone = Story().at("2027-05-03 09:00")
    alone.event("booked", "V1", "2027-05-13 14:00", answered=None, outcome=None)
    alone.listed["V1"] = None
    assert alone.broken() == ["planned"], "a service that refuses everything keeps no promise"


@pytest.mark.parametrize("state", ["skipped", "waiting", "undelivered"])
@pytest.mark.parametrize("explanation", [None, ""])
def test_a_text_left_out_without_a_reason_in_words_is_noticed(state, explanation) -> None:
    story = begun()
    story.listed["V1"].append(message("education", state, explanation))
    assert story.broken() == ["planned"]
    story.listed["V1"][-1] = message("education", state, "because")
    assert story.broken() == []


# lost


def test_a_service_that_never_came_to_rest_is_noticed() -> None:
    story = begun()
    story.changes["final"] = False
    assert story.broken() == ["lost"]


@pytest.mark.parametrize("state", ["ready", "claimed", "sending", "unknown"])
def test_a_text_that_is_stuck_is_noticed(state) -> None:
    story = begun()
    story.listed["V1"].append(message("education", state))
    assert story.broken() == ["lost"]


def test_a_planned_text_is_stuck_from_the_moment_it_is_due() -> None:
    now = datetime(2027, 5, 3, 9, tzinfo=ZoneInfo(NEW_YORK))
    for due, found in ((now + timedelta(seconds=1), []), (now, ["lost"]), (None, ["lost"])):
        story = begun()
        story.listed["V1"].append(message("education", "planned", due=due))
        assert story.broken() == found


@pytest.mark.parametrize("end", ["completed", "cancelled", "no_show"])
def test_a_text_that_still_waits_when_its_visit_is_over_is_stuck(end) -> None:
    story = begun()
    story.listed["V1"].append(message("aftercare", "waiting"))
    assert story.broken() == []
    story.at("2027-05-13 15:00").event(end, "V1")
    assert story.broken() == ["lost"]


def test_a_text_of_one_visit_may_wait_for_another_of_its_day() -> None:
    story = begun().event("booked", "V2", "2027-05-13 17:00")
    story.listed["V1"].append(message("aftercare", "waiting"))
    assert story.at("2027-05-13 15:00").event("completed", "V1").broken() == []


@pytest.mark.parametrize("step", TOLD)
def test_a_text_that_vanished_is_noticed(step) -> None:
    story = usual()
    del story.texts[TOLD.index(step)]
    assert story.broken() == ["lost", "status"]
    story.listed["V1"] = [
        replace(one, state="sent") if one.state == "delivered" and one.step == step else one
        for one in story.listed["V1"]
    ]
    assert story.broken() == ["lost"]


def test_a_text_on_the_phone_that_nobody_tells_of_is_noticed() -> None:
    assert begun().text("welcome", status="sent", listed=False).broken() == ["lost"]


def test_of_two_visits_on_one_phone_a_text_that_vanished_is_noticed_too() -> None:
    for name, phone in (("V2", ANA), ("V3", BEA)):
        story = begun()
        story.visit(name, phone=phone)
        story.event("booked", name, "2027-05-13 11:00")
        story.text("welcome", status="sent").text("welcome", name, status="sent")
        assert story.broken() == []
        del story.texts[-1]
        assert story.broken() == ["lost"]


def test_on_a_shared_phone_a_second_copy_in_place_of_anothers_text_is_noticed() -> None:
    story = begun().event("booked", "V2", "2027-05-13 11:00")
    story.text("welcome", status="sent").wait().text("welcome", status="sent", listed=False)
    assert story.broken() == ["lost"], "twice to one of them, never to the other"


@pytest.mark.parametrize("step", [step.name for step in steps() if step.due])
def test_a_plain_visit_is_owed_every_usual_text(step) -> None:
    story = usual(plain=True, without=(step,))
    assert story.broken() == ["lost"]
    story.listed["V1"].append(message(step, "skipped"))
    assert story.broken() == ["lost"], "a reason is not enough where nothing was in the way"
    assert usual(plain=False, without=(step,)).broken() == []


def test_a_text_that_does_the_work_of_another_pays_what_is_owed() -> None:
    story = usual(plain=True, without=("logistics", "prepare"))
    story.texts.insert(4, replace(story.texts[3], sid="SMmerged"))
    story.texts[4] = replace(
        story.texts[4],
        body=usual().texts[5].body.replace("Reminder: your", "Get ready for your"),
        at=next(real for real, now in story.clock if now.day == 12) + 20,
    )
    story.listed["V1"].append(message("prepare", "delivered"))
    assert story.broken() == []


def test_nothing_is_owed_before_its_window_is_over() -> None:
    story = begun(plain=True).text("welcome")
    assert story.at("2027-05-08 10:00").broken() == []
    assert story.at("2027-05-08 10:01").broken() == ["lost"], "the education is"


def stood_still(*, step, begin, end):
    story = usual(plain=True, without=(step,))
    zone = ZoneInfo(NEW_YORK)
    story.changes["floods"] = [
        (
            datetime.fromisoformat(begin).replace(tzinfo=zone),
            datetime.fromisoformat(end).replace(tzinfo=zone),
        )
    ]
    return story.broken()


def test_what_fell_due_while_everything_stood_still_is_not_owed() -> None:
    assert stood_still(step="prepare", begin="2027-05-12 08:00", end="2027-05-12 14:00") == []
    assert stood_still(step="prepare", begin="2027-05-12 10:59", end="2027-05-12 14:00") == []
    assert stood_still(step="prepare", begin="2027-05-12 05:00", end="2027-05-12 10:00") == []


def test_what_fell_due_before_or_after_everything_stood_still_is_owed() -> None:
    assert stood_still(step="prepare", begin="2027-05-12 11:00", end="2027-05-12 17:00") == ["lost"]
    assert stood_still(step="prepare", begin="2027-05-12 03:00", end="2027-05-12 09:59") == ["lost"]
    assert stood_still(step="welcome", begin="2027-05-12 09:00", end="2027-05-12 15:00") == ["lost"]


# status


def test_a_text_that_is_told_as_delivered_and_is_not_is_noticed() -> None:
    story = begun().text("welcome", status="sent")
    assert story.broken() == []
    story.listed["V1"][-1] = message("welcome", "delivered")
    assert story.broken() == ["status"]


def test_a_text_that_is_delivered_and_not_told_so_is_noticed() -> None:
    story = begun().text("welcome")
    story.listed["V1"][-1] = message("welcome", "sent")
    assert story.broken() == ["status"]


def test_a_text_that_failed_and_is_told_as_delivered_is_noticed() -> None:
    for status in ("failed", "undelivered", "canceled"):
        story = begun().text("welcome", status=status, listed=False)
        assert story.broken() == []
        story.listed["V1"].append(message("welcome", "delivered"))
        assert story.broken() == ["lost", "status"]


def test_on_a_shared_phone_one_too_many_told_as_delivered_is_noticed() -> None:
    story = begun().event("booked", "V2", "2027-05-13 11:00")
    story.text("welcome", status="sent").text("welcome", "V2")
    assert story.broken() == []
    story.listed["V1"][-1] = message("welcome", "delivered")
    assert story.broken() == ["status"]


# forged webhooks


@pytest.mark.parametrize("code", [200, 204, 400, 500])
def test_a_forged_webhook_that_is_not_refused_is_noticed(code) -> None:
    story = begun()
    story.changes["forged"] = (403, code)
    assert story.broken() == ["forged"]


# rate


def texted(*, segments, seconds, rate=10.0):
    """So many segments, one text each, at even distances over some seconds."""
    story = begun().text("welcome", listed=False)
    one = story.texts.pop()
    story.texts += [
        replace(one, sid=f"SM{n}", status="failed", at=one.at + seconds * n / max(segments - 1, 1))
        for n in range(segments)
    ]
    story.changes["segments_per_second"] = rate
    return story


def test_a_sender_may_send_ten_seconds_worth_in_ten_and_what_was_saved_up() -> None:
    assert texted(segments=150, seconds=10).broken() == []
    assert texted(segments=151, seconds=10).broken() == ["rate"]
    assert texted(segments=150, seconds=0).broken() == []
    assert texted(segments=151, seconds=0).broken() == ["rate"]


def test_a_sender_that_is_a_little_too_fast_for_a_minute_is_noticed() -> None:
    assert texted(segments=650, seconds=60).broken() == []
    assert texted(segments=651, seconds=60).broken() == ["rate"], "no ten seconds of it are too many"


def test_segments_count_and_not_texts_and_each_sender_by_itself() -> None:
    long = texted(segments=50, seconds=10)
    assert long.broken() == []
    long.texts = [replace(text, segments=4) for text in long.texts]
    assert long.broken() == ["rate"]
    two = texted(segments=200, seconds=10)
    two.texts[::2] = [replace(text, sender=SENDERS["hillside"]) for text in two.texts[::2]]
    assert two.broken() == []


def test_every_rule_is_asked_and_reports_under_its_own_name() -> None:
    """Broken in every way at once; a rule that were forgotten, or misnamed, would be missing."""
    story = begun().at("2027-05-12 21:00").reply("STOP").wait()
    story.event("cancelled", "V1")
    story.text("hello").text("prepare").text("prepare", "V1", "2027-05-13 15:00")
    story.text("unknown").text("welcome", phone=BEA, listed=False).text("aftercare")
    story.at("2027-05-12 22:00").text("opt_out")
    story.listed["V1"] += [message("education", "sending"), message("education", "skipped", None)]
    story.listed["V1"].append(message("education", "delivered"))
    story.changes |= {"forged": (204,), "segments_per_second": 0.1}
    found = {one.rule for one in violations(story.evidence())}
    assert found == set(RULES)
