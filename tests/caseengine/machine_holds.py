"""What must hold after everything that may be done."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Presence, agents_where, seen_lately
from caseengine.cases import Cases, history
from caseengine.clocks import all_clocks, book_for
from caseengine.model import events as happened
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.lifecycle import LIVE, Status
from caseengine.model.sla import Book, Clocks, Target, fold
from caseengine.model.standing import owes_words, standing
from caseengine.notices import NOTICE_GIVEN
from caseengine.reading.cases import queue
from caseengine.tables import activities, assignments, callbacks, case_conversations, case_events, cases, conversations
from caseengine.tallying import tally_anew
from storage.tables import outbox
from tests.caseengine.boards.test_tallies import everything
from tests.caseengine.machine_acts import CASES_MAX, World
from tests.caseengine.office import facts

OWED = (happened.CaseOpened, happened.CustomerWrote, happened.HandoverRequested, happened.CaseReopened)
"""After these the customer waits to hear from the desk."""
ANSWERED = (happened.AgentReplied, happened.CustomerAsked, happened.CaseResolved)
OWN = "own"


async def hold(world: World, seen: dict[UUID, int]) -> None:
    """Everything that must hold now. `seen`: the versions that were looked at before."""
    async with world.office.database.snapshot() as snapshot:
        found = await snapshot.rows(sa.select(cases.c.id, cases.c.version).order_by(cases.c.opened_at, cases.c.number))
        changed = [row.id for row in found if seen.get(row.id) != row.version]
        told = [(case_id, await history(snapshot, case_id)) for case_id in changed]
        await the_word_is_where_it_belongs(snapshot)
        await every_event_is_published(snapshot)
        await who_is_asked_is_asked_once(snapshot)
        await nobody_waits_unseen(snapshot, world)
        await appointments_are_of_cases_that_say_so(snapshot)
        for case_id, events in told:
            await clocks_are_what_the_history_adds_up_to(snapshot, case_id, events)
            merges_that_are_undone_leave_nothing(events, await book_for(snapshot, events), world.at)
    async with world.office.database.unit_of_work() as work:
        saved = {row.id: await Cases(work).by_id(row.id) for row in found if row.id in changed}
    for case_id, events in told:
        case = saved[case_id]
        assert facts(Case.fold(events)) == facts(case)
        the_customer_is_promised_something(case, events)
        seen[case_id] = case.version
    world.cases = [saved.get(row.id) or next(one for one in world.cases if one.id == row.id) for row in found]
    relations_make_sense(world.cases)


async def the_word_is_where_it_belongs(snapshot: Any) -> None:
    """With the bot just where nobody works on a case, and people work on a case in one conversation at most."""
    here, joined = case_conversations, cases.join(case_conversations, case_conversations.c.case_id == cases.c.id)
    rows = await snapshot.rows(
        sa.select(here.c.conversation_id, cases.c.status, cases.c.conversation_id.label("goes_on"))
        .select_from(joined)
        .where(here.c.live)
    )
    assert all(row.status in LIVE and row.goes_on == row.conversation_id for row in rows)
    worked_in = {row.conversation_id for row in rows}
    for row in await snapshot.rows(sa.select(conversations.c.id, conversations.c.mode, conversations.c.agent_id)):
        assert (row.mode == "bot") == (row.id not in worked_in)
        assert (row.mode == "agent") == (row.agent_id is not None)
    logs = sa.select(sa.func.count().label("lines"), sa.func.max(activities.c.seq).label("last"))
    for row in await snapshot.rows(logs.group_by(activities.c.conversation_id)):
        assert row.lines == row.last


async def every_event_is_published(snapshot: Any) -> None:
    events = await snapshot.scalar(sa.select(sa.func.count()).select_from(case_events))
    published = (
        sa.select(sa.func.count())
        .select_from(outbox)
        .where(outbox.c.topic == "event", sa.text(f"json_extract(payload, '$.kind') <> '{NOTICE_GIVEN}'"))
    )
    assert events == await snapshot.scalar(published)


def the_customer_is_promised_something(case: Case, events: Any) -> None:
    """A live case has a promise just where somebody waits to hear from the desk: since they spoke last, or in a case
    that goes on in this one."""
    waits: set[Any] = set()
    for event in events:
        if _answers(event):
            waits.clear()
        elif isinstance(event, OWED):
            waits.add(OWN)
        elif isinstance(event, happened.CaseAbsorbed) and event.customer_waits:
            waits.add(event.other_id)
        elif isinstance(event, happened.CaseReleased):
            waits.discard(event.other_id)
    if case.is_live:
        assert (case.due_at is not None) == bool(waits)


def merges_that_are_undone_leave_nothing(events: Any, book: Book, at: datetime) -> None:
    """Where all are, the case is and waits as if there had been none, and so do its clocks that run."""
    alone = standing(events)
    gone = len(alone) < len(events) and not any(isinstance(event, happened.CaseAbsorbed) for event in alone)
    clocks, without = fold(events, book), fold(alone, book)
    if not gone or clocks.status not in LIVE:
        return
    assert (clocks.status, clocks.awaits) == (without.status, without.awaits)
    assert owes_words(alone) == (Case.fold(events).due_at is not None)
    now, never = _counted(clocks, book, at), _counted(without, book, at)
    assert now == never, f"{now} where it would be {never}"


def _counted(clocks: Clocks, book: Book, at: datetime) -> dict[Target, Any]:
    """Of each clock that has not ended; one that was missed keeps what it missed, wherever and whenever that was."""
    measure, found = clocks.measure(book), {}
    for clock in clocks.running():
        spent = clock.spent_at(measure, at)
        told = (spent, clock.due_at, clock.running_since is not None, clock.steps)
        found[clock.target] = "missed" if spent >= clock.goal else told
    return found


def _answers(event: happened.CaseEvent) -> bool:
    if isinstance(event, happened.CallbackEnded):
        return event.reached_the_customer
    return isinstance(event, ANSWERED)


def relations_make_sense(all_of_them: list[Case]) -> None:
    by_id = {case.id: case for case in all_of_them}
    for case in all_of_them:
        assert (case.status is Status.MERGED) == (case.merged_into is not None)
        if case.merged_into is not None:
            assert by_id[case.merged_into].status is not Status.MERGED
        above, levels = case.parent_id, 1
        while above is not None:
            above, levels = by_id[above].parent_id, levels + 1
            assert levels <= len(all_of_them)


async def clocks_are_what_the_history_adds_up_to(snapshot: Any, case_id: UUID, events: Any) -> None:
    book = await book_for(snapshot, events)
    assert sorted(fold(events, book).every, key=str) == sorted(await all_clocks(snapshot, case_id), key=str)


async def who_is_asked_is_asked_once(snapshot: Any) -> None:
    """An offer stands just where a case says so, and is one."""
    offered = sa.select(assignments.c.case_id, assignments.c.agent_id).where(assignments.c.state == "offered")
    said = sa.select(cases.c.id, cases.c.offered_to).where(cases.c.offered_to.is_not(None))
    standing = [tuple(row) for row in await snapshot.rows(offered)]
    assert sorted(standing) == sorted(tuple(row) for row in await snapshot.rows(said))


async def appointments_are_of_cases_that_say_so(snapshot: Any) -> None:
    """An appointment is kept of the case that tells its time; one that was merged away has none."""
    kept = sa.select(callbacks.c.case_id, callbacks.c.starts_at).where(callbacks.c.state.in_(("booked", "called")))
    said = sa.select(cases.c.id, cases.c.callback_at).where(cases.c.callback_at.is_not(None))
    standing = [tuple(row) for row in await snapshot.rows(kept)]
    assert sorted(standing) == sorted(tuple(row) for row in await snapshot.rows(said))
    merged = {row.id for row in await snapshot.rows(sa.select(cases.c.id).where(cases.c.status == Status.MERGED))}
    assert not merged & {case_id for case_id, _ in standing}


async def nobody_waits_unseen(snapshot: Any, world: World) -> None:
    """A live case nobody holds is in a queue, where those who may take it see it."""
    alone = sa.select(cases.c.id).where(cases.c.status.in_(LIVE), cases.c.agent_id.is_(None))
    waiting = {row.id for row in await snapshot.rows(alone)}
    seen = await queue(snapshot, world.office.sam, unassigned=True, limit=CASES_MAX * 10)
    assert waiting == {row.id for row in seen if row.is_live}


async def nobody_is_left_alone(world: World) -> None:
    """Who holds a case that people work on in a conversation is there; of one nobody holds, who has the word."""
    here = case_conversations
    async with world.office.database.snapshot() as snapshot:
        people = {one.id: one for one in await agents_where(snapshot, sa.true())}
        rows = await snapshot.rows(
            sa.select(sa.func.coalesce(cases.c.agent_id, conversations.c.agent_id).label("whose"))
            .join(here, here.c.case_id == cases.c.id)
            .join(conversations, conversations.c.id == here.c.conversation_id)
            .where(here.c.live, conversations.c.mode == Mode.AGENT)
        )
    for row in rows:
        agent = people[row.whose]
        assert agent.presence is not Presence.OFFLINE
        assert seen_lately(agent.seen_at, world.at)


async def tallies_are_what_the_histories_add_up_to(world: World) -> None:
    kept = await everything(world.office)
    await world.office.do(tally_anew)
    assert await everything(world.office) == kept
