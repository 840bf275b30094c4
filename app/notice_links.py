"""The links of notices, made where a mail is written: what can be made anew is not kept in the outbox."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.operations.surveying import survey_token
from caseengine.operations.wishing import known_as
from channels.protocol import DeliveryFailed
from customers.preference_links import Purpose, issue_link, read_link
from customers.preferences import Holder, Preferences
from storage.engine import Database


class NoticeLinks:
    """Makes and reads the addresses of the pages a notice leads to.

    Args:
        origin: scheme and host of our own pages.
    """

    def __init__(self, database: Database, secret: bytes, origin: str, zone: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._secret = secret
        self._origin = origin
        self._zone = zone
        self._now = now

    async def resolve(self, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A notice's parameters with its links; None for one that nobody wants any more.

        Raises:
            DeliveryFailed: with `retry`, in their quiet hours: it is tried again when they are over.
        """
        at = self._now()
        async with self._database.snapshot() as snapshot:
            holder = await known_as(snapshot, Holder.from_json(params["holder"]))
            preferences = Preferences(snapshot, zone=self._zone)
            wishes = (await preferences.of(holder)).wishes
            stopped = await preferences.stopped(params.get("address", ""))
        if wishes.way is None or stopped:
            return None
        if wishes.quiet_at(at):
            raise DeliveryFailed("in their quiet hours", retry=True, after=wishes.after_quiet(at) - at)
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
