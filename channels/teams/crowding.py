"""How much one person may send: each message, press, edit, reaction and deletion costs the desk a commit or a read."""

from datetime import datetime

from channels.teams.received import Received
from channels.webchat.limits import Rate, RateLimiter

PER_PERSON = Rate(burst=120, per_s=2)
"""Far more than anybody types; Teams asks for some dozens of cards anew when a chat is opened."""


class TooMany(Exception):
    """Nothing was stored; the same may be sent again.

    Attributes:
        wait_s: seconds until it will be taken.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many")
        self.wait_s = wait_s


class Crowding:
    """Counts by person, wherever they write: who it is was checked before."""

    def __init__(self, rate: Rate = PER_PERSON) -> None:
        self._limiter = RateLimiter(rate)

    def admit(self, received: Received, *, at: datetime) -> None:
        """
        Raises:
            TooMany: they have had their share.
        """
        if received.place is None:
            return  # nothing is done about it
        person = received.place.person
        wait_s = self._limiter.wait_s(person.identity or f"{received.place.tenant}|{person.id}", at=at)
        if wait_s > 0:
            raise TooMany(wait_s)
