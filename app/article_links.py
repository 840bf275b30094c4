"""Where an article is read: public ones by their plain address, others by a signed one given to who may read them.

The signature is made after the conversation has proved enough, opens that one article and ends after a day.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from knowledge.answer import Passage
from knowledge.article import Audience

GOOD_FOR = timedelta(days=1)
PURPOSE = b"article link"


class ArticleLinks:
    """Makes and checks the addresses of articles.

    Args:
        origin: scheme and host of our own pages; links are read in other people's pages too.
    """

    def __init__(self, secret: bytes, origin: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._origin = origin
        self._now = now

    def address(self, passage: Passage) -> str:
        """The address of the passage's article; empty for a past case, which has no page."""
        if not passage.url or passage.audience is Audience.PUBLIC:
            return f"{self._origin}{passage.url}" if passage.url else ""
        until = int((self._now() + GOOD_FOR).timestamp())
        return f"{self._origin}{passage.url}?t={until}.{self._signature(passage.article, until)}"

    def opens(self, slug: str, token: str) -> bool:
        """Whether a signed address is ours, for this article, and still good."""
        until, _, signature = token.partition(".")
        if not (until.isascii() and until.isdecimal() and len(until) <= 12) or int(until) < self._now().timestamp():
            return False
        return hmac.compare_digest(signature.encode(), self._signature(slug, int(until)).encode())

    def _signature(self, slug: str, until: int) -> str:
        return hmac.digest(self._secret, b"\x00".join((PURPOSE, slug.encode(), str(until).encode())), "sha256").hex()
