"""Who may see a case; and that nobody learns of one that is not theirs."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from caseengine.model.case import Case
from caseengine.model.errors import CaseNotFound, NumberMistyped
from caseengine.model.number import format_number
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import Opening, Viewer, case_for, open_case, resolve
from caseengine.reading.cases import cases_of
from customers.assurance import Assurance, Level
from customers.tables import accounts, contacts
from storage.engine import Database
from storage.transaction import UnitOfWork
from tests.caseengine.office import CUSTOMER, Office, when

STRANGER_CASE = format_number(77, 7)


async def person(database: Database) -> UUID:
    contact_id = uuid4()
    async with database.unit_of_work() as work:
        work.write(sa.insert(contacts).values(id=contact_id, name="Ana", name_source="test", language="en", version=1))
    return contact_id


async def account(database: Database) -> UUID:
    account_id = uuid4()
    async with database.unit_of_work() as work:
        work.write(sa.insert(accounts).values(id=account_id, kind="store", name="Shop", number=account_id.hex))
    return account_id


def viewer(conversation: UUID | None = None, level: Level = Level.ANONYMOUS, **proved: Any) -> Viewer:
    return Viewer(conversation, Assurance(conversation=conversation or uuid4(), level=level, **proved))


async def sees(office: Office, case: Case, who: Viewer) -> bool:
    listed = case.id in [row.id for row in await office.see(cases_of, who)]
    try:
        found = await office.do(case_for, case.number.lower(), who)
    except CaseNotFound:
        assert not listed
        return False
    assert listed
    return found.id == case.id


async def test_a_conversation_reads_on_about_the_cases_it_opened(office: Office) -> None:
    conversation = await office.chat()
    case = await office.report_in(conversation)
    assert await sees(office, case, viewer(conversation))
    assert not await sees(office, case, viewer(await office.chat()))
    assert not await sees(office, case, viewer(None))


async def test_a_conversation_a_case_was_only_linked_to_needs_proof(office: Office) -> None:
    first, second = await office.chat(), await office.chat()
    case = await office.report_in(first)
    await office.hand_over(second, case)
    assert not await sees(office, case, viewer(second))


async def test_a_code_proves_one_case(office: Office) -> None:
    case, other = await office.report(), await office.report()
    assert await sees(office, case, viewer(cases=frozenset({case.id})))
    assert not await sees(office, other, viewer(cases=frozenset({case.id})))


@pytest.mark.parametrize(
    ("level", "allowed"),
    [(Level.ANONYMOUS, False), (Level.CLAIMED, False), (Level.CHANNEL, True), (Level.VERIFIED, True)],
)
async def test_a_contact_sees_their_own_cases_once_the_channel_vouches(
    office: Office, level: Level, allowed: bool
) -> None:
    ana, bo = await person(office.database), await person(office.database)
    case, other = await office.report(contact_id=ana), await office.report(contact_id=bo)
    assert await sees(office, case, viewer(level=level, contact_id=ana)) is allowed
    assert not await sees(office, other, viewer(level=level, contact_id=ana))


@pytest.mark.parametrize(
    ("level", "allowed"),
    [(Level.ANONYMOUS, False), (Level.CLAIMED, False), (Level.CHANNEL, False), (Level.VERIFIED, True)],
)
async def test_a_manager_sees_the_cases_of_their_accounts_once_verified(
    office: Office, level: Level, allowed: bool
) -> None:
    ana, shop, elsewhere = await person(office.database), await account(office.database), await account(office.database)
    case, other = await office.report(account_id=shop), await office.report(account_id=elsewhere)
    who = viewer(level=level, contact_id=ana, account_ids=frozenset({shop}))
    assert await sees(office, case, who) is allowed
    assert not await sees(office, other, who)


async def test_unknown_and_not_yours_are_one_answer(office: Office) -> None:
    case = await office.report()
    who = viewer(await office.chat(), Level.VERIFIED, contact_id=await person(office.database))
    answers = []
    for number in (case.number, STRANGER_CASE):
        asked: list[str] = []

        async def look(work: UnitOfWork, number: str = number, asked: list[str] = asked) -> None:
            real = work.rows

            async def rows(statement: Any) -> Any:
                asked.append(str(statement))
                return await real(statement)

            work.rows = rows  # type: ignore[method-assign]
            await case_for(work, number, who)

        with pytest.raises(CaseNotFound) as refused:
            await office.do(look)
        answers.append((type(refused.value), refused.value.code, refused.value.params, str(refused.value), asked))
    assert answers[0] == answers[1]
    assert len(answers[0][4]) == 1


async def test_a_slip_may_be_pointed_out(office: Office) -> None:
    case = await office.report()
    slip = case.number[:-1] + ("A" if case.number[-1] != "A" else "B")
    with pytest.raises(NumberMistyped):
        await office.do(case_for, slip, viewer())


async def test_a_case_opened_in_the_same_turn_can_be_read(office: Office) -> None:
    conversation = await office.chat()

    async def turn(work: UnitOfWork, who: Viewer) -> Case:
        opening = Opening(subject="Now", description="", department="tills", conversation=conversation)
        case = await open_case(work, opening, by=CUSTOMER, at=when("Mon 09:00"))
        assert await case_for(work, case.number, who) is case
        return case

    await office.do(turn, viewer(conversation))
    with pytest.raises(CaseNotFound):
        await office.do(turn, viewer(await office.chat()))


async def test_a_customer_reads_live_cases_first_and_newest_first(office: Office) -> None:
    conversation = await office.chat()
    made = [await office.report_in(conversation, f"case {n}", at=f"Mon 09:0{n}") for n in range(4)]
    await office.do(
        resolve, made[3].number, Resolution(ResolutionCode.SOLVED, "x"), by=office.li.actor, at=when("Mon 10:00")
    )
    rows = await office.see(cases_of, viewer(conversation))
    assert [row.subject for row in rows] == ["case 2", "case 1", "case 0", "case 3"]
    assert [row.is_live for row in rows] == [True, True, True, False]
    assert rows[0].department_name == "Tills"
