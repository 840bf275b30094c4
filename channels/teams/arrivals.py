"""Files on their way in or out: fetched or left after the wire was answered, in order within a conversation."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.activity import Activity, Attachment
from channels.protocol import DeliveryFailed, DeskUnavailable
from channels.teams import render
from channels.teams.account import TeamsAccount
from channels.teams.bearer import Bearer
from channels.teams.connector import Connector
from channels.teams.desk import Arrival, Arrivals, Hearing, Sendings, StoredFiles
from channels.teams.fetch import Fetched, Fetcher, FetchFailed, FetchLimits
from channels.teams.read import parse_activity, read
from channels.teams.received import OfferedFile, Place, Received, What

log = logging.getLogger(__name__)
RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (1, 4, 15))
"""Waiting times after failed tries; an address is good for minutes, so there are few of them."""
SWEEP_S = 5.0


class ArrivalRounds:
    """Makes whole what waits. A conversation's later messages wait behind those with files."""

    def __init__(
        self,
        account: TeamsAccount,
        *,
        arrivals: Arrivals,
        hearing: Hearing,
        files: StoredFiles,
        sendings: Sendings,
        connector: Connector,
        bearer: Bearer,
        clock: Callable[[], datetime],
        limits: FetchLimits | None = None,
    ) -> None:
        self._account = account
        self._arrivals = arrivals
        self._hearing = hearing
        self._files = files
        self._sendings = sendings
        self._connector = connector
        self._bearer = bearer
        self._clock = clock
        self._limits = limits or FetchLimits()
        self._places = asyncio.Semaphore(self._limits.at_once_max)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def notice(self, conversation: str) -> None:
        """Something was kept there."""
        if conversation in self._tasks:
            self._again.add(conversation)
            return
        task = asyncio.create_task(self._drain(conversation))
        self._tasks[conversation] = task
        task.add_done_callback(lambda _: self._finished(conversation))

    async def sweep(self) -> None:
        """Notice whatever is due: after a start, and for what failed."""
        for conversation in await self._arrivals.conversations(self._clock()):
            self.notice(conversation)

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:  # the database may be back in a moment
                log.exception("teams_arrivals_not_read")
            await asyncio.sleep(SWEEP_S)

    async def idle(self) -> None:
        """Until nothing is under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def close(self) -> None:
        """What is not done is taken up after the next start."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finished(self, conversation: str) -> None:
        del self._tasks[conversation]
        if conversation in self._again:
            self._again.discard(conversation)
            self.notice(conversation)

    async def _drain(self, conversation: str) -> None:
        try:
            while (arrival := await self._arrivals.next(conversation)) is not None:
                if arrival.next_try_at > self._clock() or not await self._made_whole(arrival):
                    return
                await self._arrivals.done(arrival)
        except DeskUnavailable:
            return  # the sweep comes back

    async def _made_whole(self, arrival: Arrival) -> bool:
        """False: it waits for its next try, and so does what stands behind it."""
        last = arrival.tries >= len(RETRY_AFTER)
        try:
            await self._make_whole(arrival, last=last)
        except DeskUnavailable:
            raise
        except Exception as error:
            if not isinstance(error, FetchFailed | DeliveryFailed):
                log.exception("teams_arrival_failed")
            if not (last or _is_final(error)):
                await self._try_later(arrival)
                return False
            await self._give_up(arrival)
        return True

    async def _give_up(self, arrival: Arrival) -> None:
        """What was said is heard, with its files as names; what stands behind it goes on, whatever is wrong with this.

        What cannot even be heard, and a file of ours that could not be left, is told to those who work on the case.
        """
        for attempt in (self._hear_named, self._lost):
            try:
                if await attempt(arrival):
                    return
            except DeskUnavailable:
                raise
            except Exception:
                log.exception("teams_arrival_given_up")

    async def _hear_named(self, arrival: Arrival) -> bool:
        received = read(parse_activity(arrival.raw))
        if received.activity is None or received.place is None:
            return False
        await self._hearing.hear(
            _named(received.activity, received.files), received.place, raw=arrival.raw, in_turn=True
        )
        return True

    async def _lost(self, arrival: Arrival) -> bool:
        received = read(parse_activity(arrival.raw))
        if received.place is not None:
            await self._hearing.lost(received)
        return True

    async def _try_later(self, arrival: Arrival) -> None:
        pause = RETRY_AFTER[arrival.tries]
        await self._arrivals.again(arrival, at=self._clock() + pause)
        asyncio.get_running_loop().call_later(pause.total_seconds(), self.notice, arrival.conversation)

    async def _make_whole(self, arrival: Arrival, *, last: bool) -> None:
        received = read(parse_activity(arrival.raw))
        if received.place is None:
            return
        if received.what is What.CONSENTED:
            async with self._places:
                await self._leave_file(received, received.place)
        elif received.activity is not None:
            whole = await self._with_files(received.activity, received.files, last=last)
            await self._hearing.hear(whole, received.place, raw=arrival.raw, in_turn=True, card=received.of)

    async def _with_files(self, activity: Activity, offered: tuple[OfferedFile, ...], *, last: bool) -> Activity:
        """The activity with its files stored. What cannot be had is left as a name among the words.

        One after another, each stored before the next is asked for, so that one at most is in memory; those that
        were stored by an earlier try are not asked for again.
        """
        stored: list[Attachment] = []
        missing: list[OfferedFile] = []
        async with Fetcher(self._limits) as fetcher:
            for place, file in enumerate(offered):
                room = self._limits.total_max - sum(one.size for one in stored)
                try:
                    stored.append(await self._kept(fetcher, activity, place, file, room))
                except FetchFailed as failed:
                    if not (failed.final or last):
                        raise
                    log.warning("teams_file_not_fetched: %s", failed)
                    missing.append(file)
        return replace(_named(activity, missing), attachments=tuple(stored))

    async def _kept(self, fetcher: Fetcher, activity: Activity, place: int, file: OfferedFile, room: int) -> Attachment:
        key = f"{activity.key}:{place}"
        if (before := await self._files.called(activity.conversation, key)) is not None:
            return before
        async with self._places:
            fetched = await self._fetched(fetcher, file, room)
            return await self._files.put(
                activity.conversation,
                name=file.name,
                content_type=file.content_type or fetched.content_type,
                content=fetched.content,
                key=key,
            )

    async def _fetched(self, fetcher: Fetcher, file: OfferedFile, room: int) -> Fetched:
        headers = None
        if file.with_bearer and self._account.may_call(file.url):
            try:
                headers = await self._bearer.header()
            except DeliveryFailed as failed:
                raise FetchFailed(str(failed), final=False) from failed
        return await fetcher.get(file.url, headers=headers, room=room)

    async def _leave_file(self, received: Received, place: Place) -> None:
        """They said yes: the file goes to their own storage, and stands in the conversation once."""
        info = received.value.get("uploadInfo")
        found = await self._files.get(place.conversation, received.of)
        if received.value.get("action") != "accept" or not isinstance(info, dict) or found is None:
            return
        attachment, content = found
        if await self._sendings.begin(place.conversation, received.key) is not None:
            return
        try:
            async with Fetcher(self._limits) as fetcher:
                await fetcher.put(str(info.get("uploadUrl") or ""), content)
            shown = render.file_info(
                place,
                name=attachment.name,
                url=str(info.get("contentUrl") or ""),
                unique_id=str(info.get("uniqueId") or ""),
                file_type=str(info.get("fileType") or ""),
            )
            activity_id = await self._connector.post(place, shown)
        except (FetchFailed, DeliveryFailed) as failed:
            if isinstance(failed, DeliveryFailed) and failed.ambiguous:
                log.warning("teams_file_card_ambiguous")  # the file is there, and its card may be: it is not sent again
                return
            await self._sendings.undo(place.conversation, received.key)
            raise
        await self._sendings.done(place.conversation, received.key, activity_id or received.key)


def _is_final(error: Exception) -> bool:
    """Trying again would change nothing."""
    return (isinstance(error, FetchFailed) and error.final) or (isinstance(error, DeliveryFailed) and not error.retry)


def _named(activity: Activity, missing: Iterable[OfferedFile]) -> Activity:
    """What cannot be had is left as a name among the words."""
    return replace(activity, text="\n".join(filter(None, (activity.text, *(f"[{file.name}]" for file in missing)))))
