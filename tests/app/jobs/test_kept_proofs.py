"""An address that a newcomer proved stays proved; and where an agent's words reach nobody, the agent learns it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.jobs.forgetting import CODES_KEPT, Forgetting
from caseengine.cases import Cases, history
from caseengine.model.case import Case
from caseengine.model.events import NoteAdded
from caseengine.notices import notices_of
from caseengine.operations.ending import close
from caseengine.operations.merging import merge
from caseengine.operations.opening import follow_up
from caseengine.operations.splitting import split
from channels.protocol import DeliveryFailed
from customers.tables import one_time_codes
from tests.app.jobs import test_telling
from tests.app.jobs.test_opting_out import NEW, hears, newcomer, proves_address, says
from tests.app.jobs.test_telling import Street
from tests.caseengine.office import CUSTOMER

street = test_telling.street


async def forgets(street: Street) -> None:
    """As the desk does when the codes are 90 days old."""
    later = street.clock() + CODES_KEPT + timedelta(days=1)
    await Forgetting(street.database, b"s" * 32, lambda: later).run()
    async with street.database.snapshot() as snapshot:
        assert await snapshot.rows(sa.select(one_time_codes)) == []


async def test_an_address_stays_proved_when_its_code_is_forgotten(street: Street) -> None:
    case = await newcomer(street)
    await forgets(street)
    assert await hears(street, case) == [NEW]


async def test_a_code_that_comes_back_twice_is_one_proof(street: Street) -> None:
    case = await newcomer(street)
    await proves_address(street, case, NEW)
    assert await hears(street, case) == [NEW]


async def split_off(street: Street, case: Case) -> Case:
    who = {"by": street.office.mo.actor, "at": street.clock()}
    return await street.office.do(split, case.number, subject="And the drawer", text="It sticks", **who)


async def followed(street: Street, case: Case) -> Case:
    await street.solves_by_itself(case, "Mon 10:00")
    await street.office.do(close, case.number, by=street.office.mo.actor, at=street.clock())
    async with street.database.unit_of_work() as work:
        ended = await Cases(work).by_id(case.id)
        return await follow_up(work, ended, "It jams again", by=CUSTOMER, at=street.clock())


async def merged_into(street: Street, case: Case) -> Case:
    assert case.conversation_id is not None
    other = await street.office.report_in(case.conversation_id, "And the drawer", reply_address=NEW)
    await street.office.do(merge, case.number, other.number, by=street.office.mo.actor, at=street.clock())
    return other


@pytest.mark.parametrize("goes_on", [split_off, followed, merged_into])
async def test_a_case_that_goes_on_from_it_has_the_same_proof_and_wishes(street: Street, goes_on) -> None:
    case = await newcomer(street)
    after = await goes_on(street, case)
    await street.tells()
    assert await hears(street, after) == [NEW]


async def test_a_claimed_address_is_not_proved_by_going_on(street: Street) -> None:
    case = await street.case(contact_id=None, reply_address=NEW)
    assert await hears(street, await split_off(street, case)) == []


async def test_a_newcomers_stop_holds_for_what_goes_on(street: Street) -> None:
    case = await newcomer(street)
    await says(street, case, None)
    assert await hears(street, await split_off(street, case)) == []


async def learnt(street: Street, case: Case) -> tuple[list[str], list[str]]:
    """What is noted on the case, and what whoever has it was told."""
    notes = [one.text for one in await street.office.see(history, case.id) if isinstance(one, NoteAdded)]
    told = await street.office.see(notices_of, street.office.mo)
    return notes, [str(one.data["why"]) for one in told if one.kind == "customer_not_told"]


async def test_an_agent_learns_once_that_words_reach_nobody(street: Street) -> None:
    case = await street.case(contact_id=None, reply_address=NEW)
    assert (await hears(street, case), await hears(street, case)) == ([], [])
    notes, told = await learnt(street, case)
    assert told == ["unproved"]
    assert len(notes) == 1
    assert "proved no address" in notes[0]
    await street.office.rows_equal_fold(case)


async def test_an_agent_learns_that_every_way_failed(street: Street) -> None:
    case = await street.case()
    street.refuse["mail"] = DeliveryFailed("550 no such mailbox")
    await hears(street, case)
    await street.tells()
    _, told = await learnt(street, case)
    assert told == ["unreachable"]


async def test_nothing_is_noted_where_they_were_told_or_saw_it(street: Street) -> None:
    case = await newcomer(street)
    await hears(street, case)
    await street.solves_by_itself(case, "Mon 12:00")
    await street.tells()
    assert await learnt(street, case) == ([], [])
