"""Two agents in one chat, or two cases: whoever of them vanishes, no customer is left with nobody."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from caseengine.agents import Agent, Presence
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.operations import assigning, move, reply, take
from caseengine.operations.conversing import open_conversation
from caseengine.operations.routing import give_back
from tests.caseengine.office import when
from tests.caseengine.routing.desk import RoutingDesk

LATER = "Mon 09:20"


async def chat_of(desk: RoutingDesk, holder: Agent) -> tuple[UUID, Case]:
    conversation, chat = await desk.handed_over()
    await desk.do(assigning.assign, chat.number, holder.id, by=desk.sam.actor, at=when("Mon 09:06"))
    return conversation, chat


async def helps_out(desk: RoutingDesk, chat: Case, agent: Agent | None = None) -> None:
    """A supervisor, or somebody else, says one sentence in a colleague's chat."""
    await says(desk, chat, agent or desk.sam, "Mon 09:07")


async def says(desk: RoutingDesk, chat: Case, agent: Agent, at: str) -> None:
    await desk.do(reply, chat.number, "One moment", key="said", by=agent.actor, at=when(at))


async def second_case(desk: RoutingDesk, conversation: UUID, holder: Agent | None = None) -> Case:
    """In the chat of another, with people as well."""
    case = await desk.hand_over(conversation, await desk.report_in(conversation, "The scale sticks"), "Mon 09:08")
    if holder is not None:
        await desk.do(assigning.assign, case.number, holder.id, by=desk.sam.actor, at=when("Mon 09:08"))
    return case


async def word(desk: RoutingDesk, conversation: UUID) -> tuple[Mode, UUID | None]:
    found = await desk.conversation(conversation)
    return found.mode, found.agent_id


async def notices(desk: RoutingDesk, conversation: UUID) -> list[Any]:
    return [row.body["text"] for row in await desk.log(conversation) if row.body["kind"] == "notice"]


@pytest.mark.parametrize("helper_stays", [False, True])
async def test_a_chat_whose_holder_vanished_finds_the_next_though_a_colleague_spoke_last(
    any_desk: RoutingDesk, helper_stays: bool
) -> None:
    desk = any_desk
    conversation, chat = await chat_of(desk, await desk.hires("Ann"))
    await helps_out(desk, chat)
    ben = await desk.hires("Ben", at=LATER)
    if helper_stays:
        await desk.is_there(desk.sam, LATER)
    await desk.sweeps(LATER)
    await desk.sweeps(LATER)
    assert await desk.holder(chat) == ben.id
    assert await word(desk, conversation) == (Mode.AGENT, ben.id)
    assert await notices(desk, conversation) == ["Ben has joined."]
    told = await desk.told(chat)
    assert (told.count("CaseReturned by system"), told.count("CaseAssigned by system")) == (1, 1)
    await desk.rows_equal_fold(chat)


async def test_whoever_holds_the_chat_and_is_there_keeps_it_when_the_colleague_has_gone(any_desk: RoutingDesk) -> None:
    ann = await any_desk.hires("Ann")
    _, chat = await chat_of(any_desk, ann)
    await helps_out(any_desk, chat)
    await any_desk.hires("Ben", at=LATER)
    await any_desk.is_there(ann, LATER)
    await any_desk.sweeps(LATER)
    assert await any_desk.holder(chat) == ann.id


async def test_a_colleague_who_is_there_goes_on_until_somebody_has_the_case_or_they_leave_too(
    any_desk: RoutingDesk,
) -> None:
    desk = any_desk
    conversation, chat = await chat_of(desk, await desk.hires("Ann"))
    await helps_out(desk, chat)
    await desk.is_there(desk.sam, LATER, Presence.BUSY)
    await desk.sweeps(LATER)
    assert await desk.holder(chat) is None
    assert await word(desk, conversation) == (Mode.AGENT, desk.sam.id)
    await desk.sweeps("Mon 09:23")
    assert await word(desk, conversation) == (Mode.QUEUED, None)
    ben = await desk.hires("Ben", at="Mon 09:24")
    await desk.sweeps("Mon 09:24")
    assert await word(desk, conversation) == (Mode.AGENT, ben.id)
    assert await notices(desk, conversation) == ["Ben has joined."]


async def test_a_colleague_of_another_department_does_not_go_on_where_the_case_has_moved(desk: RoutingDesk) -> None:
    ann, mo = await desk.hires("Ann"), await desk.hires("Mo Two")
    conversation, chat = await chat_of(desk, ann)
    await helps_out(desk, chat, mo)
    await desk.is_there(mo, "Mon 09:08")
    await desk.do(move, chat.number, "deliveries", reason="A van", by=ann.actor, at=when("Mon 09:08"))
    assert await word(desk, conversation) == (Mode.QUEUED, None)


@pytest.mark.parametrize("who", ["Ann", "Sam"])
async def test_whoever_gives_a_chat_away_passes_its_customer_on(desk: RoutingDesk, who: str) -> None:
    """Be it their own, or a colleague's in which they said something."""
    ann = await desk.hires("Ann")
    conversation, chat = await chat_of(desk, ann)
    away = {"Ann": ann, "Sam": desk.sam}[who]
    await helps_out(desk, chat, away)
    await desk.is_there(away, "Mon 09:08")
    await desk.do(give_back, chat.number, by=away.actor, at=when("Mon 09:08"))
    assert await word(desk, conversation) == (Mode.QUEUED, None)


async def test_of_two_cases_in_a_chat_the_word_goes_to_who_holds_the_other(any_desk: RoutingDesk) -> None:
    desk = any_desk
    ann, ben = await desk.hires("Ann"), await desk.hires("Ben", at=LATER)
    conversation, chat = await chat_of(desk, ann)
    other = await second_case(desk, conversation, ben)
    await says(desk, chat, ann, "Mon 09:09")
    assert await word(desk, conversation) == (Mode.AGENT, ann.id)
    await desk.decides({})
    await desk.sweeps(LATER)
    assert [await desk.holder(one) for one in (chat, other)] == [None, ben.id]
    assert await word(desk, conversation) == (Mode.AGENT, ben.id)


@pytest.mark.parametrize("held", [False, True])
async def test_both_cases_of_a_chat_whose_agents_vanished_wait_for_the_next(any_desk: RoutingDesk, held: bool) -> None:
    """Be the second of them held, or nobody's so far."""
    desk = any_desk
    await desk.decides({})
    ann, ben = await desk.hires("Ann"), await desk.hires("Ben")
    conversation, chat = await chat_of(desk, ann)
    other = await second_case(desk, conversation, ben if held else None)
    await desk.sweeps(LATER)
    assert [await desk.holder(one) for one in (chat, other)] == [None, None]
    assert await word(desk, conversation) == (Mode.QUEUED, None)
    assert (await desk.told(other)).count("CaseReturned by system") == held


async def test_of_two_cases_in_a_chat_one_that_moves_leaves_the_word_where_the_other_is(desk: RoutingDesk) -> None:
    ann, ben = await desk.hires("Ann"), await desk.hires("Ben")
    conversation, chat = await chat_of(desk, ann)
    await second_case(desk, conversation, ben)
    await says(desk, chat, ann, "Mon 09:09")
    assert await word(desk, conversation) == (Mode.AGENT, ann.id)
    await desk.do(move, chat.number, "deliveries", reason="A van", by=desk.sam.actor, at=when("Mon 09:10"))
    assert await word(desk, conversation) == (Mode.AGENT, ben.id)


async def test_who_speaks_in_the_chat_already_does_not_join_it_again(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann")
    conversation, chat = await chat_of(desk, ann)
    other = await second_case(desk, conversation)
    await desk.is_there(ann, "Mon 09:09")
    await desk.sweeps("Mon 09:09")
    assert await desk.holder(other) == ann.id
    assert await desk.holder(chat) == ann.id
    assert await notices(desk, conversation) == []


@pytest.mark.parametrize("colleague", [False, True])
async def test_a_mail_waits_for_who_answered_it_until_they_are_back(desk: RoutingDesk, colleague: bool) -> None:
    ann, conversation = await desk.hires("Ann"), uuid4()
    told: dict[str, Any] = {"channel": "email", "visitor": "ana@x.example", "locale": "en", "at": when("Mon 09:00")}
    await desk.do(open_conversation, id=conversation, **told)
    case = await desk.report_in(conversation)
    await desk.do(take, case.number, by=ann.actor, at=when("Mon 09:06"))
    await desk.do(reply, case.number, "One moment", key="said", by=ann.actor, at=when("Mon 09:07"))
    if colleague:
        await desk.do(reply, case.number, "And from me", key="more", by=desk.sam.actor, at=when("Mon 09:08"))
    await desk.is_there(ann, "Mon 17:00", Presence.OFFLINE)
    await desk.sweeps("Mon 17:10")
    assert await desk.holder(case) == ann.id
