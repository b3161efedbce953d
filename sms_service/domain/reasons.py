"""Why a text was not sent, or not yet: codes for programs, sentences for staff."""

from enum import StrEnum


class Reason(StrEnum):
    """Every way in which a text does not go out. The value is the stable code."""

    explanation: str

    def __new__(cls, code: str, explanation: str) -> "Reason":  # noqa: PYI034 - an enum has no Self yet
        """Bind the code and the sentence that staff read."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.explanation = explanation
        return member

    ALREADY_SENT = "already_sent", "It was sent before."
    NOT_YET = "not_yet", "It waits until the clinic says the visit is completed."
    NOT_CONFIRMED_BY_CLINIC = "not_booked", "The visit is proposed, pending or on a waiting list."
    TIME_UNKNOWN = "time_unknown", "The clinic has not said when the visit is."
    TEST_EVENT = "test_event", "The clinic's system marked the visit as a test."
    NO_PATHWAY = "no_pathway", "No pathway is mapped to this type of visit."
    NO_CONSENT = "no_consent", "No consent to texts is recorded for this patient."
    OPTED_OUT = "opted_out", "The patient asked for no more texts."
    SENDER_BLOCKED = "sender_blocked", "The provider blocks texts from this sender to this number."
    NO_PHONE = "no_phone", "No usable phone number is known."
    NUMBER_UNUSABLE = "number_unusable", "The provider said this number cannot receive texts."
    DECEASED = "deceased", "The patient has died."
    MERGED = "merged_record", "The patient's record was merged into another."
    CANCELLED = "cancelled", "The visit was cancelled."
    ENTERED_IN_ERROR = "entered_in_error", "The visit was entered in error."
    NO_SHOW = "no_show", "The patient did not come."
    COMPLETED = "completed", "The visit is over."
    NOT_DONE = "not_done", "The injection was not given."
    STATUS_UNKNOWN = "status_unknown", "The clinic has not said what became of the visit."
    NOT_NEEDED = "not_needed", "What the text was for no longer applies."
    BACK_TO_TOLD = "back_to_told", "The visit is again at the time the patient was last told."
    NOTHING_SENT_YET = "nothing_sent_yet", "The patient had not been told anything yet."
    REBOOKED = "rebooked", "A new visit took the cancelled one's place at once, so it counts as a move."
    ALREADY_CONFIRMED = "already_confirmed", "The patient already said they are coming."
    ALREADY_ANSWERED = "already_answered", "The patient already answered."
    ASKED_LATER = "asked_later", "A later text asks the same."
    ON_PAGE = "on_page", "The patient answered on the page behind the link, and reads it there."
    LATE_BOOKING = "late_booking", "Booked too late for this text; the others carry what matters."
    MERGED_INTO = "merged_into", "Another text carries this one's content."
    RETURNING = "returning", "The patient had this explained within the last months."
    ONE_CHAIN = "one_chain", "Another visit on the same day carries the texts for both."
    NO_PERMITTED_HOUR = "no_permitted_hour", "No hour is left in which the patient may be texted."
    WINDOW_PASSED = "window_passed", "The time in which the text was useful is over."
    OVERLOAD = "overload", "The sender had more to send than its rate allows in time."
    CAP_DAY = "cap_day", "The patient already gets the most texts allowed in one day."
    CAP_WEEK = "cap_week", "The patient already gets the most texts allowed in seven days."
    TIME_CHANGED = "time_changed", "The visit moved after this text was planned."
    QUIET_HOURS = "quiet_hours", "Outside the hours in which the patient may be texted."
    HOLD = "hold", "Sending is on hold."
    CIRCUIT_OPEN = "circuit_open", "The provider refuses this sender; staff must mend its set-up."
    NOT_ALLOWED_NUMBER = "not_allowed_number", "The sender is limited to rehearsal numbers."
    NOT_SIGNED = (
        "not_signed",
        "No valid sign-off exists for these exact words, neither in the patient's language nor in English.",
    )
    MISSING_FACT = "missing_fact", "A fact the text needs is not known."
    NO_TEXT = "no_text", "The catalog has no words for this situation."
    UNWRITABLE = "unwritable", "It could not be written: its data or the clinic's settings are damaged."
    RETRY_LATER = "retry_later", "The provider asked to try again later."
    UNDELIVERED = "undelivered", "The provider could not deliver it."
    REFUSED = "refused", "The provider refused it."
    DELIVERY_UNKNOWN = (
        "delivery_unknown",
        "It was sent; the provider never said whether it arrived, and is not expected to any more.",
    )
    UNTRACEABLE = "untraceable", "It is unknown whether the provider took it; a person has to look."
    UNCLEAR = "unclear", "The provider's answer is missing; its list is asked before anything is sent again."
    LEASE_RAN_OUT = "lease_ran_out", "No worker took it up in time; it is handed out again."
    ITS_TURN = "its_turn", "It is due and waits for its turn."


_EXPLANATIONS = {reason.value: reason.explanation for reason in Reason}


def explain(code: str | None) -> str | None:
    """The sentence that staff read for a reason's code; an unknown code stands for itself."""
    return None if code is None else _EXPLANATIONS.get(code, code)
