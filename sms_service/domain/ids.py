"""Typed identifiers: one integer can never be mistaken for another's."""

from typing import NewType

SenderId = NewType("SenderId", int)
ClinicId = NewType("ClinicId", int)
FeedId = NewType("FeedId", int)
PatientId = NewType("PatientId", int)
AppointmentId = NewType("AppointmentId", int)
EventId = NewType("EventId", int)
MessageId = NewType("MessageId", int)
AttemptId = NewType("AttemptId", int)
ReplyId = NewType("ReplyId", int)
