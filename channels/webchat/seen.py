"""How far the customers of conversations have seen what was said there, as far as their clients prove it.

A watermark that comes back proves it; so does a socket that was closed in good order, or lived on after it was fed.
What was merely written to a socket proves nothing: a telephone that lost its network takes it, and shows it to nobody.
"""

from collections import OrderedDict

CONVERSATIONS_MAX = 50_000
"""Remembered in this process; of one that is forgotten it is not known that anything was seen."""


class Seen:
    """The newest place seen in each conversation."""

    def __init__(self, conversations_max: int = CONVERSATIONS_MAX) -> None:
        self._places: OrderedDict[str, int] = OrderedDict()
        self._max = conversations_max

    def note(self, conversation: str, place: int) -> None:
        """Everything up to a place was shown."""
        self._places[conversation] = max(place, self._places.pop(conversation, 0))
        while len(self._places) > self._max:
            self._places.popitem(last=False)

    def up_to(self, conversation: str) -> int:
        """The newest place known to be seen, 0 for none."""
        return self._places.get(conversation, 0)
