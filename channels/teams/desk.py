"""What Teams needs of the desk, beside what every channel needs; app wires it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.activity import Activity, Attachment, Card, Sender
from channels.protocol import Accepted
from channels.teams.received import Place, Press, Received


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message, or a yes to a file, that was acknowledged and needs something fetched or sent before it is done."""

    conversation: str
    key: str
    raw: bytes
    tries: int
    next_try_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that began to leave; `activity_id` is Teams' name for it, empty while that is not known."""

    activity_id: str


class StandsBehind(Exception):
    """Something that was said there before is not whole yet; nothing was stored, and it has to be kept behind it."""


class Hearing(Protocol):
    """Where Teams puts what it heard. On return it is durable; the same key again changes nothing.

    Each of them makes the conversation known and keeps where it is. Who speaks in a conversation of their own, from
    an allowed tenant, is recognised; where several read along nobody is.

    Raises:
        channels.protocol.DeskUnavailable: nothing was stored.
    """

    async def hear(
        self, activity: Activity, place: Place, *, raw: bytes, in_turn: bool = False, card: str = ""
    ) -> Accepted:
        """It will be answered.

        Args:
            in_turn: it waited, and its turn has come.
            card: where it is a button that was pressed: the key of the activity that shows it, as the button says.

        Raises:
            StandsBehind: what waits there is asked for in the same commit, so also after a restart.
        """

    async def keep(self, received: Received, *, raw: bytes) -> None:
        """It will be made whole first: an `Arrival`."""

    async def happened(self, received: Received) -> None:
        """A fact about what was said before: kept in the log, answered by nobody."""

    async def lost(self, received: Received) -> None:
        """A message that cannot be heard, a file that could not be left: a note on the cases people work on there."""

    async def still_there(self, place: Place) -> None:
        """The bot is there, and they have known it: where, is kept; nobody is greeted."""

    async def left(self, place: Place) -> None:
        """The bot was taken away there."""

    async def typing(self, conversation: str, sender: Sender) -> None:
        """Somebody writes; nothing is stored."""


class Arrivals(Protocol):
    """What waits to be made whole, in order of arrival."""

    async def conversations(self, at: datetime) -> Sequence[str]:
        """Where something is due."""

    async def next(self, conversation: str) -> Arrival | None:
        """The first of a conversation, due or not: what stands behind it waits."""

    async def again(self, arrival: Arrival, *, at: datetime) -> None:
        """It was no use; try at `at`."""

    async def done(self, arrival: Arrival) -> None: ...


class Places(Protocol):
    """Where conversations are."""

    async def of(self, conversation: str) -> Place | None: ...

    async def unreachable(self, conversation: str, why: str) -> None:
        """Nothing arrives there any more: a fact for whoever works on its cases."""


class Sendings(Protocol):
    """What was sent under which key, so that nothing is sent twice and can be changed later."""

    async def begin(self, conversation: str, key: str) -> Sent | None:
        """None: it may be sent now, and is marked as begun. Else what is known of it."""

    async def done(self, conversation: str, key: str, activity_id: str) -> None: ...

    async def undo(self, conversation: str, key: str) -> None:
        """It certainly was not taken."""

    async def of(self, conversation: str, key: str) -> Sent | None: ...


class Sayings(Protocol):
    """What was said, by its key."""

    async def by_key(self, conversation: str, key: str) -> Activity | None: ...


class Acting(Protocol):
    """What people who work at the desk do from their cards."""

    async def act(self, press: Press) -> Card | None:
        """Carry it out, once however often it comes; the card's new face. None: it is not theirs to press.

        Raises:
            channels.protocol.DeskUnavailable: nothing was done.
        """


class StoredFiles(Protocol):
    """The files of a conversation."""

    async def put(self, conversation: str, *, name: str, content_type: str, content: bytes, key: str) -> Attachment:
        """Keep one, under a key once however often it comes."""

    async def called(self, conversation: str, key: str) -> Attachment | None:
        """The one that was kept under this key."""

    async def get(self, conversation: str, file: str) -> tuple[Attachment, bytes] | None: ...
