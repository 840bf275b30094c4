"""Where a conversation stands: a stack of dialogs, each at a named step, kept as JSON between turns."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa

from bot.activity import Choice, card_from_json, plain
from bot.dialogs.steps import Ask, Slots
from bot.tables import dialog_states
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

BACK_MAX = 12
"""How many questions "go back" can return to."""


@dataclass(slots=True)
class Frame:
    """One dialog in progress.

    Attributes:
        ask: the question it waits on; None while it waits for a called dialog to end.
        tries: how often that question has been asked in a row.
        back: what "go back" returns to: earlier questions with the slots they were asked with.
        asked_with: the slots as they were when the open question was asked.
        proved_as: who had been proved when it was asked, as `Desk.proved_as` tells; "" for nobody.
    """

    dialog: str
    version: int
    step: str
    slots: Slots = field(default_factory=dict)
    ask: Ask | None = None
    tries: int = 0
    back: list[dict[str, Any]] = field(default_factory=list)
    asked_with: Slots = field(default_factory=dict)
    proved_as: str = ""

    def wait(self, ask: Ask) -> None:
        """Wait for the answer to this question, and remember the one before for "go back"."""
        again = self.ask is not None and self.ask.step == ask.step
        if self.ask is not None and not again:
            self.back = [*self.back, {"ask": ask_to_json(self.ask), "slots": deepcopy(self.asked_with)}][-BACK_MAX:]
        self.tries = self.tries + 1 if again else 1
        self.ask, self.step = ask, ask.step
        self.asked_with = deepcopy(self.slots)

    def go_back(self) -> Ask | None:
        """Return to the question before this one, with the slots of that time; None at the first."""
        if not self.back:
            return None
        earlier = self.back.pop()
        self.ask, self.slots = ask_from_json(earlier["ask"]), earlier["slots"]
        self.step, self.tries, self.asked_with = self.ask.step, 1, deepcopy(self.slots)
        return self.ask

    def to_json(self) -> dict[str, Any]:
        return {
            "dialog": self.dialog,
            "version": self.version,
            "step": self.step,
            "slots": self.slots,
            "ask": ask_to_json(self.ask) if self.ask else None,
            "tries": self.tries,
            "back": self.back,
            "asked_with": self.asked_with,
            "proved_as": self.proved_as,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            dialog=document["dialog"],
            version=document["version"],
            step=document["step"],
            slots=document["slots"],
            ask=ask_from_json(document["ask"]) if document.get("ask") else None,
            tries=document["tries"],
            back=document["back"],
            asked_with=document.get("asked_with", {}),
            proved_as=document.get("proved_as", ""),
        )


@dataclass(slots=True)
class DialogState:
    """The stack, top last, and what else one turn must know of the ones before.

    Attributes:
        lost: how often in a row the bot did not know what was wanted.
        seen: where the conversation stood after the turns since something was last achieved.
        saved_at: when the last turn ended; None before the first.
        tried: slugs of the articles shown in this conversation, for whoever takes over.
        acknowledged: the number of the case whose waiting the customer was last told about.
    """

    frames: list[Frame] = field(default_factory=list)
    lost: int = 0
    tried: list[str] = field(default_factory=list)
    acknowledged: str = ""
    seen: list[str] = field(default_factory=list)
    version: int = 0
    saved_at: datetime | None = None

    @property
    def top(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    @property
    def expecting(self) -> str:
        """The kind of answer the open question waits for, "" when there is none."""
        return self.top.ask.expecting if self.top and self.top.ask else ""

    def to_json(self) -> dict[str, Any]:
        return {
            "frames": [frame.to_json() for frame in self.frames],
            "lost": self.lost,
            "tried": self.tried,
            "acknowledged": self.acknowledged,
            "seen": self.seen,
        }


async def load_state(snapshot: Snapshot, conversation: UUID) -> DialogState:
    """The state the last turn left; an empty one for a new conversation."""
    row = await snapshot.first(
        sa.select(dialog_states.c.state, dialog_states.c.version, dialog_states.c.saved_at).where(
            dialog_states.c.conversation_id == conversation
        )
    )
    if row is None:
        return DialogState()
    return DialogState(
        frames=[Frame.from_json(frame) for frame in row.state["frames"]],
        lost=row.state["lost"],
        tried=row.state["tried"],
        acknowledged=row.state["acknowledged"],
        seen=row.state.get("seen", []),
        saved_at=row.saved_at,
        version=row.version,
    )


def save_state(work: UnitOfWork, conversation: UUID, state: DialogState, *, at: datetime) -> None:
    """Write the state, unless another turn of the same conversation was faster (a `Conflict`)."""
    values = {"version": state.version + 1, "state": state.to_json(), "saved_at": at}
    if state.version == 0:
        work.write(insertion(dialog_states, conversation_id=conversation, **values), duplicate=Conflict())
        return
    mine = dialog_states.c.conversation_id == conversation, dialog_states.c.version == state.version
    work.write(sa.update(dialog_states).where(*mine).values(**values), rows=1)


def ask_to_json(ask: Ask) -> dict[str, Any]:
    """A question as JSON, so that it can be asked again after a restart."""
    return {
        "key": ask.key,
        "step": ask.step,
        "params": dict(ask.params),
        "choices": [plain(choice) for choice in ask.choices],
        "card": plain(ask.card) if ask.card else None,
        "passage": ask.passage,
        "expecting": ask.expecting,
    }


def ask_from_json(document: Mapping[str, Any]) -> Ask:
    """The question that `ask_to_json` wrote."""
    choices = (choice if isinstance(choice, str) else Choice(**choice) for choice in document["choices"])
    return Ask(
        key=document["key"],
        step=document["step"],
        params=document["params"],
        choices=tuple(choices),
        card=card_from_json(document["card"]) if document["card"] else None,
        passage=document["passage"],
        expecting=document["expecting"],
    )
