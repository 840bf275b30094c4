"""The links of notices, made where a mail is written: what can be made anew is not kept in the outbox."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.operations.surveying import survey_token
from caseengine.operations.wishing import known_as
from customers.preference_links import Purpose, issue_link, read_link
from customers.preferences import Holder
from storage.engine import Database


class NoticeLinks:
    """Makes and reads the addresses of the pages a notice leads to.

    Args:
        origin: scheme and host of our own pages.
    """

    def __init__(self, database: Database, secret: bytes, origin: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._secret = secret
        self._origin = origin
        self._now = now

    async def resolve(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """A notice's parameters with its links."""
        async with self._database.snapshot() as snapshot:
            holder = await known_as(snapshot, Holder.from_json(params["holder"]))
        return {
            **params,
            "items": [self._with_survey(item) for item in params["items"]],
            "stop_url": self._page("stop", Purpose.STOP, holder),
            "preferences_url": self._page("preferences", Purpose.PREFERENCES, holder),
        }

    def holder(self, purpose: Purpose, token: str) -> Holder:
        """Whose link it is.

        Raises:
            LinkInvalid: made up, of another purpose, or too old.
        """
        return read_link(self._secret, purpose, token, at=self._now())

    def _page(self, name: str, purpose: Purpose, holder: Holder) -> str:
        return f"{self._origin}/notices/{name}/{issue_link(self._secret, purpose, holder, at=self._now())}"

    def _with_survey(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        if "survey_id" not in item:
            return item
        token = survey_token(self._secret, UUID(item["survey_id"]))
        return {**item, "survey_url": f"{self._origin}/survey/{token}"}
