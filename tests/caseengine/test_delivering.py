"""Words that did not arrive, or may not have: a fact of their case, told once, and sent again once."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from caseengine.activities import Activities, said
from caseengine.cases import history
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.model.errors import LossNotFound, NotPermitted, SentBefore
from caseengine.model.events import DeliveryDoubted, DeliveryGivenUp, SentAgain
from caseengine.notices import notices_of
from caseengine.operations import answering, merging
from caseengine.operations.delivering import delivery_lost, send_again
from storage.engine import Database
from storage.errors import Conflict
from tests.caseengine.office import Office, when


@pytest.fixture
async def office(any_database: Database) -> Office:
    office = Office(any_database)
    await office.furnish()
    return office


async def says(office: Office, case: Case, key: str = "one") -> None:
    await office.do(answering.reply, case.number, "At noon.", key=key, by=office.li.actor, at=when("Mon 09:30"))


async def loses(office: Office, conversation: UUID, key: str = "one", *, again: int = 0, doubtful: bool = True) -> Any:
    payload = {"channel": "webchat", "conversation": str(conversation), "key": key, "again": again}
    why = "no_answer" if doubtful else "refused"
    return await office.do(delivery_lost, payload, why=why, doubtful=doubtful, at=when("Mon 09:31"))


async def sends(office: Office, case: Case, lost: int, by: Any = None) -> SentAgain:
    by = (by or office.li).actor
    return await office.do(send_again, case.number, lost, by=by, at=when("Mon 09:40"))


async def facts(office: Office, case: Case) -> list[Any]:
    return list(await office.see(history, case.id))


@pytest.mark.parametrize("doubtful", [True, False])
async def test_what_is_lost_is_a_fact_of_the_case_and_whoever_has_it_is_told(office: Office, doubtful: bool) -> None:
    conversation, case = await office.handed_over()
    await says(office, case)
    await loses(office, conversation, doubtful=doubtful)

    lost = (await facts(office, case))[-1]
    assert type(lost) is (DeliveryDoubted if doubtful else DeliveryGivenUp)
    assert (lost.key, lost.conversation_id, lost.channel, lost.again) == ("one", conversation, "webchat", 0)
    (notice,) = await office.see(notices_of, office.li)
    assert (notice.kind, notice.number) == ("delivery_doubted" if doubtful else "delivery_given_up", case.number)
    assert (await office.see(notices_of, office.mo)) == []
    await office.rows_equal_fold(case)


async def test_told_twice_of_one_delivery_is_told_once(office: Office) -> None:
    conversation, case = await office.handed_over()
    await says(office, case)
    for doubtful in (True, True, False):
        await loses(office, conversation, doubtful=doubtful)
    assert (await office.told(case)).count("DeliveryDoubted by system") == 1
    assert len(await office.see(notices_of, office.li)) == 1


async def test_what_the_bot_said_is_a_fact_of_the_case_that_is_talked_about(office: Office) -> None:
    conversation, case = await office.handed_over()
    body = said("Your case is here.", conversation=conversation, channel="webchat", key="bot", by=BOT)
    line = said("Li is here.", conversation=conversation, channel="webchat", key="line", by=BOT, kind="notice")
    async with office.database.unit_of_work() as work:
        for one in (body, line):
            Activities(work).append(
                conversation, key=one["key"], body=one, at=when("Mon 09:06"), channel="webchat", deliver=True
            )
    assert await loses(office, conversation, "line") is None, "a line about the conversation is nothing to send again"
    await loses(office, conversation, "bot")
    assert (await facts(office, case))[-1].key == "bot"


async def test_words_without_a_case_and_words_that_nobody_said_are_no_fact(office: Office) -> None:
    conversation = await office.chat()
    body = said("Hello", conversation=conversation, channel="webchat", key="hello", by=BOT)
    async with office.database.unit_of_work() as work:
        Activities(work).append(
            conversation, key="hello", body=body, at=when("Mon 09:00"), channel="webchat", deliver=True
        )
    assert await loses(office, conversation, "hello") is None
    assert await loses(office, uuid4(), "nothing") is None


async def test_it_is_sent_again_once_and_lost_again_it_may_be_sent_again(office: Office) -> None:
    conversation, case = await office.handed_over()
    await says(office, case)
    await loses(office, conversation)
    lost = len(await facts(office, case))
    await sends(office, case, lost)

    fact = (await facts(office, case))[-1]
    assert (type(fact), fact.again, fact.actor) == (SentAgain, 1, office.li.actor)
    again = {"channel": "webchat", "conversation": str(conversation), "key": "one", "again": 1}
    assert (await office.deliveries())[-1] == again
    with pytest.raises(SentBefore):
        await sends(office, case, lost, office.mo)

    await loses(office, conversation, again=1)
    with pytest.raises(SentBefore):
        await sends(office, case, lost)
    await sends(office, case, len(await facts(office, case)))
    assert [one.get("again", 0) for one in await office.deliveries() if one["key"] == "one"] == [0, 1, 2]
    await office.rows_equal_fold(case)


async def test_two_agents_at_once_send_it_once(office: Office) -> None:
    conversation, case = await office.handed_over()
    await says(office, case)
    await loses(office, conversation)
    lost = len(await facts(office, case))

    tries = [sends(office, case, lost, by) for by in (office.li, office.mo, office.li, office.mo)]
    came = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, SentAgain) for one in came) == 1, came
    assert all(isinstance(one, SentAgain | SentBefore | Conflict) for one in came), came
    assert len([one for one in await office.deliveries() if one.get("again")]) == 1


async def test_it_is_sent_again_on_a_case_that_was_closed_or_goes_on_in_another(office: Office) -> None:
    conversation, case = await office.handed_over()
    other = await office.report_in(conversation, "The same till")
    await says(office, case)
    await loses(office, conversation)
    lost = len(await facts(office, case))
    await office.do(merging.merge, case.number, other.number, by=office.li.actor, at=when("Mon 09:35"))
    await sends(office, case, lost)

    await loses(office, conversation, again=1)
    assert type((await facts(office, other))[-1]) is DeliveryDoubted, "whoever reads the case it goes on in sees it"


async def test_a_line_that_tells_of_no_loss_and_a_stranger_to_the_case(office: Office) -> None:
    conversation, case = await office.handed_over()
    await says(office, case)
    await loses(office, conversation)
    for line in (1, 0, -1, 10_000):
        with pytest.raises(LossNotFound):
            await sends(office, case, line)
    delivered = await office.report(department="deliveries")
    with pytest.raises(NotPermitted):
        await sends(office, delivered, 1)
