"""Whatever people do in whatever order: the word is with the bot just when nobody works on a case here."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import (
    ask_customer,
    assign,
    close,
    hand_back,
    hear_customer,
    move,
    reopen,
    reply,
    resolve,
    take,
)
from storage.engine import Database
from storage.refusal import Refusal
from tests.caseengine.office import CUSTOMER, Office, when
from tests.conftest import empty_sqlite

SOLVED = Resolution(ResolutionCode.SOLVED, "Done")
VERBS = [
    *("hand_over", "elsewhere", "take", "assign", "move", "reply", "ask", "hear"),
    *("resolve", "hand_back", "reopen", "reopen_by_agent", "close"),
]
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 1), st.integers(0, 1)), max_size=14)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_the_word_is_with_the_bot_just_when_nobody_works_here(steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(play(steps))


async def play(steps: list[tuple[str, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        database = Database(empty_sqlite(Path(folder) / "desk.db"))
        try:
            await live_through(Office(database), steps)
        finally:
            await database.close()


async def live_through(office: Office, steps: list[tuple[str, int, int]]) -> None:
    await office.furnish()
    chats = [await office.chat(), await office.chat()]
    cases = [await office.report_in(chats[0]), await office.report_in(chats[0], "Another")]
    for place, (verb, which, who) in enumerate(steps):
        with suppress(Refusal):
            await act(office, chats, cases[which], verb, who, key=f"k{place}")
        for conversation in chats:
            await word_is_where_it_belongs(office, conversation)
    for case in cases:
        await office.rows_equal_fold(case)


async def act(office: Office, chats: list[UUID], case: Case, verb: str, who: int, *, key: str) -> None:
    at, agent = when("Mon 10:00"), (office.mo, office.sam)[who]
    by: dict[str, Any] = {"by": agent.actor, "at": at}
    number = case.number
    todo: dict[str, Callable[[], Awaitable[Any]]] = {
        "hand_over": lambda: office.hand_over(chats[0], case),
        "elsewhere": lambda: office.hand_over(chats[1], case),
        "take": lambda: office.do(take, number, **by),
        "reply": lambda: office.do(reply, number, "Hello", key=key, **by),
        "ask": lambda: office.do(ask_customer, number, "Which?", key=key, **by),
        "hear": lambda: office.do(hear_customer, chats[0], text="Hm", key=key, at=at),
        "resolve": lambda: office.do(resolve, number, SOLVED, closing="Done", **by),
        "hand_back": lambda: office.do(hand_back, number, **by),
        "reopen": lambda: office.do(reopen, number, reason="Again", by=CUSTOMER, at=at),
        "reopen_by_agent": lambda: office.do(reopen, number, reason="Again", **by),
        "close": lambda: office.do(close, number, by=CUSTOMER, at=at),
        "assign": lambda: office.do(assign, number, office.mo.id, **by),
        "move": lambda: office.do(move, number, ("tills", "deliveries")[who], reason="x", **by),
    }
    await todo[verb]()


async def word_is_where_it_belongs(office: Office, conversation: UUID) -> None:
    kept = await office.conversation(conversation)
    async with office.database.unit_of_work() as work:
        working = [await Cases(work).by_id(case_id) for case_id in kept.live_cases]
    assert all(case.is_live and case.conversation_id == conversation for case in working)
    assert (kept.mode is Mode.BOT) == (not working)
    assert (kept.mode is Mode.AGENT) == (kept.agent_id is not None)
    log = await office.log(conversation)
    assert [row.seq for row in log] == list(range(1, len(log) + 1))
