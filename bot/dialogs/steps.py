"""What a dialog step may answer. The words are catalogue keys; a step never says a sentence of its own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.activity import Card, Choice
from bot.understanding import Understanding

if TYPE_CHECKING:
    from bot.dialogs.desk import Desk

Slots = dict[str, Any]
"""What the dialog remembers, as JSON."""

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One bubble: a catalogue key, what to fill in, and what to offer.

    Attributes:
        choices: catalogue keys under `choice.`, or ready-made choices whose words are data (an article's title).
        passage: Markdown of an article, shown below the words.
        facts: on the card: a label, as a catalogue key, and what is told, as `params` are.
    """

    key: str
    params: Params = field(default_factory=dict)
    choices: tuple[str | Choice, ...] = ()
    card: Card | None = None
    passage: str = ""
    facts: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Say a question and wait at `step` for the answer.

    Attributes:
        expecting: the kind of answer, as understanding knows it: "code", "email", "yes_no", "description" ...
        before: bubbles that come first, and are not repeated when the question is.
        counted: asking again counts towards offering a person; off where something else counts (tries of a code).
    """

    key: str
    step: str
    params: Params = field(default_factory=dict)
    choices: tuple[str | Choice, ...] = ()
    card: Card | None = None
    passage: str = ""
    expecting: str = ""
    before: tuple[Line, ...] = ()
    counted: bool = True

    @property
    def line(self) -> Line:
        return Line(self.key, self.params, self.choices, self.card, self.passage)


@dataclass(frozen=True, slots=True)
class Say:
    """Say something and go on at once with `step` of the same dialog."""

    line: Line
    step: str


@dataclass(frozen=True, slots=True)
class Done:
    """The dialog has reached its end; whoever called it goes on."""

    key: str = ""
    params: Params = field(default_factory=dict)
    choices: tuple[str | Choice, ...] = ()
    card: Card | None = None
    passage: str = ""
    before: tuple[Line, ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()

    @property
    def line(self) -> Line | None:
        if not self.key:
            return None
        return Line(self.key, self.params, self.choices, self.card, self.passage, self.facts)


@dataclass(frozen=True, slots=True)
class Goto:
    """This dialog ends here and another takes its place, with these slots."""

    dialog: str
    slots: Slots = field(default_factory=dict)
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Another dialog comes first; this one goes on at `step` when it is done."""

    dialog: str
    step: str
    slots: Slots = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandOver:
    """A person takes over now."""

    reason: str


Next = Ask | Say | Done | Goto | Call | HandOver
Step = Callable[[Understanding, Slots, "Desk"], Awaitable[Next]]


@dataclass(frozen=True, slots=True)
class Dialog:
    """A goal-directed exchange.

    A conversation remembers the dialog's name and version and the step's name, never a position. When a release
    renames a step or changes its slots it raises `version`; a conversation caught in the middle goes on at the first
    step with the slots it has, and every first step asks only for what is missing.
    """

    name: str
    version: int
    steps: Mapping[str, Step]
    first: str


def dialog(name: str, version: int, *steps: Step) -> Dialog:
    """A dialog of these steps, each named by its function; it begins at the first of them."""
    named = {step.__name__: step for step in steps}
    return Dialog(name, version, named, steps[0].__name__)
