"""How often somebody may try to sign in: counted before the password is looked at, so that haste gains nothing."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

from app.http.errors import TooManyTries
from channels.webchat.limits import address_group

TRIES_MAX = 8
"""For one address from one place: somebody far away cannot keep an agent from signing in."""
TRIES_FROM_PLACE_MAX = 60
WITHIN = timedelta(minutes=10)
WATCHED_MAX = 10_000


class Tries:
    """The tries of the last minutes, forgotten at a restart."""

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], list[datetime]] = OrderedDict()

    def count(self, email: str, place: str, at: datetime) -> None:
        """
        Raises:
            TooManyTries: this one does not count and must not be looked at.
        """
        watched = _watched(email, place)
        for name, most in watched.items():
            recent = self._recent(name, at)
            if len(recent) >= most:
                raise TooManyTries(max(1, int((recent[0] + WITHIN - at).total_seconds())))
        for name in watched:
            self._tries[name] = [*self._recent(name, at), at]
            self._tries.move_to_end(name)
        while len(self._tries) > WATCHED_MAX:
            self._tries.popitem(last=False)

    def succeeded(self, email: str, place: str) -> None:
        """It was the right password: nothing is held against the address, nor this try against the place."""
        exact, whole_place = _watched(email, place)
        self._tries.pop(exact, None)
        if self._tries.get(whole_place):
            self._tries[whole_place].pop()

    def _recent(self, name: tuple[str, str], at: datetime) -> list[datetime]:
        return [tried for tried in self._tries.get(name, ()) if timedelta() <= at - tried < WITHIN]


def _watched(email: str, place: str) -> Mapping[tuple[str, str], int]:
    group = address_group(place)
    return {(email.strip().lower(), group): TRIES_MAX, ("", group): TRIES_FROM_PLACE_MAX}
