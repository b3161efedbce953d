"""The queue in front of a sender, with a clock that is an argument."""

from dataclasses import dataclass

import pytest

from sms_service.sandbox.sender_queues import SenderQueues
from sms_service.sandbox.settings import Dials

ONE, TWO = "+15005550006", "+15005550099"


@dataclass(frozen=True)
class Waiting:
    """As much of a message as a queue looks at."""

    id: int
    segments: int = 1
    sender: str = ONE


def queues(rate, depth=None):
    dials = Dials(inbound_url=None, opt_out_reply="ours", segments_per_second=rate, queue_depth=depth)
    return SenderQueues(dials), dials


def lined_up(line, *messages, now=0.0):
    for message in messages:
        line.enter(message)
        line.line_up(message, now)


def test_segments_leave_at_the_rate_first_come_first_served():
    line, _ = queues(2)
    lined_up(line, Waiting(1, 2), Waiting(2, 1), Waiting(3, 1))
    assert line.turn(0.0) == [1]
    assert line.next_turn() == 1.0
    assert line.turn(0.99) == []
    assert line.turn(1.0) == [2]
    assert line.turn(1.5) == [3]
    assert line.next_turn() is None


def test_who_is_late_to_look_finds_everybody_whose_turn_has_come():
    line, _ = queues(10)
    lined_up(line, *(Waiting(number) for number in range(50)))
    assert line.turn(2.05) == list(range(21))


def test_idle_time_is_not_saved_up():
    line, _ = queues(1)
    lined_up(line, Waiting(1))
    assert line.turn(0.0) == [1]
    lined_up(line, Waiting(2), Waiting(3), now=100.0)
    assert line.turn(100.0) == [2]
    assert line.next_turn() == 101.0


def test_a_sender_does_not_wait_for_another():
    line, _ = queues(1)
    lined_up(line, Waiting(1), Waiting(2), Waiting(3, sender=TWO))
    assert line.turn(0.0) == [1, 3]


def test_room_is_counted_in_segments_and_freed_when_a_message_leaves():
    line, _ = queues(1, depth=3)
    assert line.admit(Waiting(1, 2))
    assert not line.admit(Waiting(2, 2))
    assert line.admit(Waiting(3, 1))
    assert line.waiting() == {ONE: 3}
    line.leave(Waiting(1, 2))
    assert line.admit(Waiting(2, 2))
    assert line.admit(Waiting(4, 3, TWO))


@pytest.mark.parametrize(
    ("rate", "depth", "room"),
    [(0, None, None), (1, None, 36_000), (3.75, None, 135_000), (1, 5, 5), (0, 5, 5)],
)
def test_the_depth_is_ten_hours_of_the_rate_unless_given(rate, depth, room):
    _, dials = queues(rate, depth)
    assert dials.depth == room


def test_without_a_rate_the_whole_line_leaves():
    line, dials = queues(0.001)
    lined_up(line, Waiting(1), Waiting(2), Waiting(3))
    assert line.turn(0.0) == [1]
    dials.segments_per_second = 0
    assert line.turn(0.0) == [2, 3]
    assert not line.limited


def test_a_new_rate_counts_from_now_on():
    line, dials = queues(0.001)
    lined_up(line, Waiting(1), Waiting(2), Waiting(3))
    assert line.turn(0.0) == [1]
    dials.segments_per_second = 1
    line.new_rate(5.0)
    assert line.turn(5.0) == [2]
    assert line.next_turn() == 6.0


def test_whoever_gives_up_the_turn_costs_nobody_time():
    line, _ = queues(1)
    lined_up(line, Waiting(1, 5), Waiting(2))
    line.give_up_turn(Waiting(1, 5))
    assert not line.lined_up(Waiting(1, 5))
    assert line.turn(0.0) == [2]
