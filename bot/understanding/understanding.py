"""What one message means, as far as the desk can tell: the value every dialog step reads."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Intent(StrEnum):
    """What is wanted."""

    ASK_QUESTION = "ask_question"
    REPORT_PROBLEM = "report_problem"
    CASE_STATUS = "case_status"
    ADD_TO_CASE = "add_to_case"
    CHANGE_DETAILS = "change_details"
    CALL_ME_BACK = "call_me_back"
    TALK_TO_PERSON = "talk_to_person"
    CLOSE_CASE = "close_case"
    REOPEN_CASE = "reopen_case"
    ORDER_STATUS = "order_status"
    GREET = "greet"
    THANK = "thank"
    FAREWELL = "farewell"
    ABOUT = "about"
    COMPLAIN = "complain"
    AFFIRM = "affirm"
    DENY = "deny"
    CANCEL = "cancel"
    START_OVER = "start_over"
    GO_BACK = "go_back"
    SOMETHING_ELSE = "something_else"


class EntityKind(StrEnum):
    """What was mentioned."""

    CASE_NUMBER = "case_number"
    ORDER_NUMBER = "order_number"
    EMAIL = "email"
    PHONE = "phone"
    CODE = "code"
    PRODUCT = "product"
    STORE = "store"
    NAME = "name"
    TIME_WINDOW = "time_window"


class Mood(StrEnum):
    """How the writer sounds, by a word list: a hint for the agent, never a reason to treat anybody differently."""

    NEUTRAL = "neutral"
    ANGRY = "angry"


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """When somebody can be called: aware UTC instants, `start` < `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that was mentioned.

    Attributes:
        value: the normalised value: a case number as the desk writes it, digits of a code, E.164 of a phone, the id
            of a product or store, `start/end` in ISO 8601 of a time window. None: it was meant, but not readable.
        said: the words it was read from, `text[start:end]`.
        shown: the value as people write it (the product's name, the phone in national form).
        mistyped: it has the shape of a number of ours, but its check character says that a slip was made.
        window: of a time window, the same as instants.
        confidence: 1.0 for patterns, below for names found through typos.
    """

    kind: EntityKind
    value: str | None
    said: str
    start: int
    end: int
    shown: str = ""
    mistyped: bool = False
    window: TimeWindow | None = None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another intent that was considered."""

    intent: Intent
    confidence: float


@dataclass(frozen=True, slots=True)
class Wants:
    """What was asked for in so many words, whatever the intent is: such a wish is obeyed at once.

    Attributes:
        person: "can I talk to somebody", "agent".
        case: "open a case", "log this".
        callback: "ring me back".
        stop: "never mind", "start over", "go back": the form in hand is not to go on.
        new_code: "I didn't get it", "send it again": another one-time code. Only with `expecting="code"`.
        no_case, no_person, no_callback: the opposite was said: "don't open a case", "no need to call me".
    """

    person: bool = False
    case: bool = False
    callback: bool = False
    stop: bool = False
    new_code: bool = False
    no_case: bool = False
    no_person: bool = False
    no_callback: bool = False


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one message means.

    Attributes:
        text: the message as it was written (cut at `TEXT_MAX` characters).
        confidence: of `intent`, 0..1; 1.0 where a fixed phrase said it.
        alternatives: the next best intents, best first, without `intent`.
        department: the slug of the department whose examples are nearest, None when none is near enough.
        problems: the texts of the problems the message reports; two or more only when each stands on its own.
        question: it asks for something to be looked up, also in the middle of a form.
        impact, urgency: 1 (high) to 3 (low), None when the words give no hint.
        spelled: the text after the speller, what the classifier read.
        language: "en", "de", "es", "fr", "pl", or "other"; "en" whenever another is not plain.
        degraded: part of understanding failed or is not loaded yet: patterns and fixed phrases only.
    """

    text: str
    intent: Intent
    confidence: float
    alternatives: tuple[Alternative, ...] = ()
    entities: tuple[Entity, ...] = ()
    department: str | None = None
    department_confidence: float = 0.0
    problems: tuple[str, ...] = ()
    question: bool = False
    wants: Wants = field(default=Wants())
    impact: int | None = None
    urgency: int | None = None
    mood: Mood = Mood.NEUTRAL
    spelled: str = ""
    language: str = "en"
    degraded: bool = False

    def entity(self, kind: EntityKind | str) -> Entity | None:
        """The first entity of that kind, in the order of the text."""
        return next((found for found in self.entities if found.kind == kind), None)

    def entities_of(self, kind: EntityKind | str) -> tuple[Entity, ...]:
        """Every entity of that kind, in the order of the text."""
        return tuple(found for found in self.entities if found.kind == kind)

    def value(self, kind: EntityKind | str) -> str | None:
        """The value of the first readable entity of that kind."""
        return next((found.value for found in self.entities if found.kind == kind and found.value), None)
