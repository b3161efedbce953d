"""The resources that are read, with only the elements that matter."""

from __future__ import annotations

from msgspec import Raw

from sms_service.intake.fhir.datatypes import (
    Concept,
    ContactPoint,
    Described,
    Element,
    HumanName,
    Reference,
    Resource,
)


class Participant(Element):
    """Who or what takes part: patient, practitioner, place."""

    type: list[Concept] | None = None
    actor: Reference | None = None


class Appointment(Resource):
    """R4's and R5's elements side by side; no version of FHIR uses one name for two things."""

    status: str | None = None
    start: str | None = None
    end: str | None = None
    minutes_duration: int | None = None
    service_type: list[Described] | None = None
    appointment_type: Concept | None = None
    reason_code: list[Concept] | None = None  # R4
    reason: list[Described] | None = None  # R5
    cancelation_reason: Concept | None = None  # R4, spelled so
    cancellation_reason: Concept | None = None  # R5
    subject: Reference | None = None  # R5
    participant: list[Participant] | None = None


class Communication(Element):
    """A language that the patient can be spoken to in."""

    language: Concept | None = None
    preferred: bool | None = None


class PatientLink(Element):
    """Another record of the same person."""

    other: Reference | None = None
    type: str | None = None


class Patient(Resource):
    """The person the texts are for."""

    name: list[HumanName] | None = None
    telecom: list[ContactPoint] | None = None
    communication: list[Communication] | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    link: list[PatientLink] | None = None


class Location(Element):
    """A place, for its name."""

    name: str | None = None


class Practitioner(Element):
    """A person of the clinic, for the name."""

    name: list[HumanName] | None = None


class EntryRequest(Element):
    """What was done to the resource; DELETE leaves no resource behind."""

    method: str | None = None
    url: str | None = None


class EntryResponse(Element):
    """When it was done."""

    last_modified: str | None = None


class Entry(Element):
    """One entry of a Bundle; `resource` stays unread until its type is known."""

    full_url: str | None = None
    resource: Raw = Raw()
    request: EntryRequest | None = None
    response: EntryResponse | None = None


class Bundle(Element):
    """Collection, searchset, history or subscription-notification."""

    type: str | None = None
    entry: list[Entry] | None = None


class NotificationEvent(Element):
    """One event of a subscription."""

    event_number: str | int | None = None
    focus: Reference | None = None
    additional_context: list[Reference] | None = None


class SubscriptionStatus(Element):
    """R4B and R5; athena sends it on R4. Counts are integer64, which JSON carries as text."""

    type: str | None = None
    status: str | None = None
    events_since_subscription_start: str | int | None = None
    notification_event: list[NotificationEvent] | None = None
    subscription: Reference | None = None


class Part(Element):
    """A named value; editions of the backport guide differ in the type of the counts."""

    name: str | None = None
    value_string: str | None = None
    value_code: str | None = None
    value_unsigned_int: int | None = None
    value_integer: int | None = None
    value_integer64: str | int | None = None
    value_reference: Reference | None = None


class Parameter(Part):
    """A parameter, with parts where it is an event."""

    part: list[Part] | None = None


class Parameters(Element):
    """The R4 backport writes a SubscriptionStatus as this."""

    parameter: list[Parameter] | None = None
