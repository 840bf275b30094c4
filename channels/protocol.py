"""What a channel is, and what it needs of the desk.

`read` of an adapter is pure: bytes to activities, or `PayloadRejected` and nothing stored. `send` is its only I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from bot.activity import Activity, Attachment


class PayloadRejected(Exception):
    """The input was refused before it was acknowledged; nothing was stored.

    Attributes:
        code: stable, for the channel's own error body.
        detail: a sentence for the developer of the client; never shows stored data.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class DeskUnavailable(Exception):
    """The desk can store nothing just now; nothing was stored, and the same input may be sent again.

    What implements the Protocols below raises it in place of its own storage errors.
    """


Reason = Literal["no_answer", "refused", "unreachable", "unavailable", "fault"]
"""Why something did not arrive, for people: nobody said whether it did; the far side said no; nobody is there any more;
it could not be reached for long; something is wrong with the desk."""


AT_ONCE = timedelta(0)


class DeliveryFailed(Exception):
    """The channel did not take it.

    Attributes:
        retry: it certainly was not taken, and trying again is safe.
        ambiguous: it may have been taken: only a person may send it once more.
        reason: a code; the detail is for whoever runs the desk.
        after: of one that is tried again: no sooner than that, as the far side asks.
        tried: false where it came to no try, for the desk had its hands full: it comes again `after` that.
    """

    def __init__(
        self,
        detail: str,
        *,
        retry: bool = False,
        ambiguous: bool = False,
        reason: Reason = "refused",
        after: timedelta = AT_ONCE,
        tried: bool = True,
    ) -> None:
        super().__init__(detail)
        self.retry = retry
        self.ambiguous = ambiguous
        self.after = after
        self.tried = tried
        self.reason: Reason = "no_answer" if ambiguous else "unavailable" if retry else reason


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel's proof that it took a delivery."""

    channel: str
    proof: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An activity that is durable; `fresh` is false when it had been accepted before under the same key."""

    activity: Activity
    fresh: bool


class ChannelAdapter(Protocol):
    """One channel. Every adapter passes `tests/contracts/channel.py`."""

    name: str

    async def send(self, activity: Activity, *, key: str) -> Receipt:
        """Deliver; the same `key` twice is delivered once.

        Raises:
            DeliveryFailed: it was not, or perhaps not, taken.
        """


class Inbox(Protocol):
    """Where a channel puts what it heard. On return the input is durable and will be answered."""

    async def accept(self, activity: Activity, *, raw: bytes) -> Accepted: ...


class History(Protocol):
    """What was said in a conversation, in order."""

    async def after(self, conversation: str, seq: int, *, limit: int = 200) -> Sequence[Activity]:
        """Stored activities with a higher place than `seq`."""

    async def last_seq(self, conversation: str) -> int:
        """The place of the newest stored activity, 0 when there is none."""


class Conversations(Protocol):
    """The conversations of a channel."""

    async def open(self, conversation: str, *, channel: str, locale: str, visitor: str, at: datetime) -> bool:
        """Make it known to the desk; true when it was not known before."""

    async def exists(self, conversation: str) -> bool: ...


class Files(Protocol):
    """What customers upload and agents send."""

    async def put(self, conversation: str, *, name: str, content_type: str, content: bytes) -> Attachment: ...

    async def get(self, conversation: str, file: str) -> tuple[Attachment, bytes] | None: ...
