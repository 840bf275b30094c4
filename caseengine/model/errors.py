"""What the case engine may answer instead of doing what was asked.

CaseError
 +-- CaseNotFound            no such case, or not for these eyes
 |    +-- NumberMistyped     its check symbol does not fit: a slip, not a case
 +-- CaseChanged             the caller looked at an older version
 +-- CaseTaken               another agent holds it
 +-- TransitionNotAllowed    not from this status
 +-- NotPermitted            the agent does not work for this department
 +-- ResolutionIncomplete    no case ends without code and text
 +-- TextMissing             there was nothing to say
 +-- FileEmpty               there is nothing in it
 +-- FileNotOfCase           the case has no such file
 +-- FilesTooLarge           more than is sent at once
 +-- NobodyToTell            what is said reaches its customer nowhere
 +-- NothingSaid             no customer has said anything about it where its replies go
 +-- AddressUnreachable      it bounced, or its owner wants nothing
 +-- LossNotFound            this line of the history tells of no words that were lost
 +-- SentBefore              somebody has sent these words again already
 +-- ConversationNotFound
 +-- AgentNotFound
 +-- AgentLocked             nobody can sign in as this agent
 +-- DepartmentNotFound
 +-- NoticeNotFound          no such notice, or somebody else's
 +-- SurveyNotFound          no such question was asked
 +-- SurveyAnswered          it has its answer
 +-- SurveyExpired           too late to answer
 +-- ScoreInvalid            a score is 1 to 5
CalendarError
 +-- NoWorkingTime           the desk never opens
 +-- CalendarInvalid         its windows overlap or run backwards
RoutingError
 +-- SkillsInvalid           no such skill, or a circle in their tree
 +-- ShiftsInvalid           hours, dates or a zone that cannot be
 +-- NotOffered              nobody asked this agent to take the case
 +-- SlotTaken               nobody is free to call at that time
 +-- NoCallback              there is no appointment on this case
RulebookInvalid             a document of policies, routing or rules that makes no sense
RulebookChanged             somebody decided since the caller looked
RulebookNotFound            no such kind
"""

from dataclasses import dataclass
from typing import ClassVar

from caseengine.model.lifecycle import Status, Verb
from storage.refusal import Refusal


class CaseError(Refusal):
    """A "no" of the case engine."""

    code: ClassVar[str] = "case.refused"


@dataclass(eq=False)
class CaseNotFound(CaseError):
    """There is no such case, or it is not for whoever asks: deliberately one answer."""

    code = "case.not_found"


@dataclass(eq=False)
class NumberMistyped(CaseNotFound):
    """The check symbol does not fit what was typed; says nothing about which cases exist."""

    code = "case.number_mistyped"


@dataclass(eq=False)
class CaseChanged(CaseError):
    """Somebody changed the case since the caller looked; look again."""

    code = "case.changed"
    expected: int
    found: int


@dataclass(eq=False)
class CaseTaken(CaseError):
    """Another agent holds the case already."""

    code = "case.taken"
    number: str


@dataclass(eq=False)
class TransitionNotAllowed(CaseError):
    """The case cannot do this from where it is."""

    code = "case.transition_not_allowed"
    status: Status
    verb: Verb


@dataclass(eq=False)
class NotPermitted(CaseError):
    """The agent does not work for this department."""

    code = "case.not_permitted"
    department: str


@dataclass(eq=False)
class ResolutionIncomplete(CaseError):
    """A resolution needs a code of the list and a text."""

    code = "case.resolution_incomplete"


@dataclass(eq=False)
class TextMissing(CaseError):
    """Nothing but spaces was given where words are needed."""

    code = "case.text_missing"


@dataclass(eq=False)
class NobodyToTell(CaseError):
    """The case has no conversation, and its customer no proved place at which they want to be told."""

    code = "case.nobody_to_tell"


@dataclass(eq=False)
class FileEmpty(CaseError):
    """A file without anything in it tells nobody anything."""

    code = "case.file_empty"


@dataclass(eq=False)
class FileNotOfCase(CaseError):
    """What is named to be sent is no file of the case, or was never used and is forgotten."""

    code = "case.file_not_of_case"
    file: str


@dataclass(eq=False)
class FilesTooLarge(CaseError):
    """More than is sent to anybody at once."""

    code = "case.files_too_large"
    bytes_max: int


@dataclass(eq=False)
class NothingSaid(CaseError):
    """There are no words of a customer to pass on, in the conversation where the case's replies go."""

    code = "case.nothing_said"


@dataclass(eq=False)
class AddressUnreachable(CaseError):
    """Nothing is sent to this address until a person lifts it."""

    code = "case.address_unreachable"


@dataclass(eq=False)
class LossNotFound(CaseError):
    """There is no such line in the case's history, or it tells of nothing that was lost."""

    code = "case.loss_not_found"


@dataclass(eq=False)
class SentBefore(CaseError):
    """What was lost is sent again once: whether that arrives is told anew."""

    code = "case.sent_before"


@dataclass(eq=False)
class ConversationNotFound(CaseError):
    code = "conversation.not_found"


@dataclass(eq=False)
class AgentNotFound(CaseError):
    code = "agent.not_found"


@dataclass(eq=False)
class AgentLocked(CaseError):
    """The agent is locked out and can be given nothing."""

    code = "agent.locked"
    name: str


@dataclass(eq=False)
class DepartmentNotFound(CaseError):
    code = "department.not_found"


@dataclass(eq=False)
class NoticeNotFound(CaseError):
    code = "notice.not_found"


@dataclass(eq=False)
class SurveyNotFound(CaseError):
    """Nobody was asked this, or not whoever answers: deliberately one answer."""

    code = "survey.not_found"


@dataclass(eq=False)
class SurveyAnswered(CaseError):
    """One answer for each time somebody was asked."""

    code = "survey.answered"


@dataclass(eq=False)
class SurveyExpired(CaseError):
    """The time for an answer is over."""

    code = "survey.expired"


@dataclass(eq=False)
class ScoreInvalid(CaseError):
    """A score is a whole number from 1 to 5."""

    code = "survey.score_invalid"
    score: int


class CalendarError(Refusal):
    """A calendar that cannot be used."""

    code: ClassVar[str] = "calendar.refused"


@dataclass(eq=False)
class NoWorkingTime(CalendarError):
    """Nothing opens within the days looked at."""

    code = "calendar.no_working_time"
    days: int


@dataclass(eq=False)
class CalendarInvalid(CalendarError):
    """Windows of a day must run forwards, in order, without overlap."""

    code = "calendar.invalid"
    weekday: int


@dataclass(eq=False)
class RulebookInvalid(Refusal):
    """A rulebook says something it cannot mean.

    Attributes:
        where: the place in the document: "policies.gold.targets.resolution".
        problem: a code: "unknown_fact", "negative", "cycle" ...
    """

    code = "rulebook.invalid"
    where: str
    problem: str


class RoutingError(Refusal):
    """A "no" of skills, routing and appointments."""

    code: ClassVar[str] = "routing.refused"


@dataclass(eq=False)
class SkillsInvalid(RoutingError):
    """`problem`: "unknown", "unknown_parent", "circle", "level"."""

    code = "routing.skills_invalid"
    skill: str
    problem: str


@dataclass(eq=False)
class ShiftsInvalid(RoutingError):
    """Somebody's hours cannot be read; `what` is the place or the value."""

    code = "routing.shifts_invalid"
    what: str


@dataclass(eq=False)
class NotOffered(RoutingError):
    """The case is not, or not any more, offered to this agent."""

    code = "routing.not_offered"
    number: str


@dataclass(eq=False)
class SlotTaken(RoutingError):
    """Nobody is free to call then, or not any more."""

    code = "routing.slot_taken"


@dataclass(eq=False)
class CallbacksOff(RoutingError):
    """The department takes no callbacks."""

    code = "routing.callbacks_off"
    department: str


@dataclass(eq=False)
class NoCallback(RoutingError):
    """Nobody has promised to call about this case."""

    code = "routing.no_callback"


@dataclass(eq=False)
class RulebookChanged(Refusal):
    """Another version came into force since the caller looked; look again."""

    code = "rulebook.changed"
    expected: int
    found: int


@dataclass(eq=False)
class RulebookNotFound(Refusal):
    """There is no rulebook of this kind."""

    code = "rulebook.not_found"
