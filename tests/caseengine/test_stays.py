"""Where a case was talked about, and until when."""

from uuid import UUID

from caseengine.activities import Activities, said
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.operations import merge, reply, unmerge
from caseengine.operations.linking import link_conversation
from caseengine.reading.stays import said_during, stays
from storage.transaction import UnitOfWork
from tests.caseengine.any_order import chat_of
from tests.caseengine.office import CUSTOMER, Office, when
from tests.caseengine.test_merging import two_of_ana


async def goes_on(office: Office, case: Case, conversation: UUID, at: str) -> None:
    async def go_on(work: UnitOfWork) -> None:
        await link_conversation(work, await Cases(work).by_id(case.id), conversation, by=CUSTOMER, at=when(at))

    await office.do(go_on)


async def says(office: Office, conversation: UUID, text: str, at: str) -> None:
    async def say(work: UnitOfWork) -> None:
        body = said(text, conversation=conversation, channel="webchat", key=text, by=CUSTOMER)
        Activities(work).append(conversation, key=text, body=body, at=when(at), channel="webchat", deliver=False)

    await office.do(say)


async def places(office: Office, case: Case) -> list[tuple[UUID, str | None]]:
    found = await office.see(stays, case.id)
    return [(stay.conversation_id, f"{stay.until:%a %H:%M}" if stay.until else None) for stay in found]


async def heard(office: Office, case: Case) -> list[str]:
    """All that was said about it."""
    found = await office.see(stays, case.id)
    logs = [await office.see(said_during, case.id, stay, seq=0, limit=100) for stay in found]
    return [row.body["text"] for log in logs for row in log]


async def test_what_is_said_there_after_the_case_went_on_elsewhere_is_not_about_it(office: Office) -> None:
    chat, later = await office.chat(), await office.chat("Mon 09:30")
    await says(office, chat, "It jams", "Mon 08:59")
    case = await office.report_in(chat)
    assert await places(office, case) == [(chat, None)]

    await goes_on(office, case, later, "Mon 10:00")
    await says(office, later, "And again", "Mon 10:00")
    await says(office, chat, "My bread is late", "Mon 11:00")
    assert await places(office, case) == [(chat, "Mon 10:00"), (later, None)]
    assert await heard(office, case) == ["It jams", "And again"]

    await goes_on(office, case, chat, "Tue 09:00")
    assert await places(office, case) == [(chat, None), (later, "Tue 09:00")]
    assert await heard(office, case) == ["It jams", "My bread is late", "And again"]


async def test_a_case_nobody_wrote_about_was_talked_about_nowhere(office: Office) -> None:
    case = await office.report()
    assert await places(office, case) == []


async def merged(office: Office, source: Case, target: Case, at: str) -> None:
    by = {"by": office.li.actor, "at": when(at)}
    await office.do(merge, source.number, target.number, notice="It goes on there", **by)


async def test_a_merged_case_is_where_its_target_is(office: Office) -> None:
    source, target = await two_of_ana(office)
    mine, theirs = target.conversation_id, chat_of(source)
    await says(office, theirs, "It jams", "Mon 09:07")
    await merged(office, source, target, "Mon 10:00")
    assert dict(await places(office, target)) == {
        theirs: None,
        mine: "Mon 10:00",
    }  # with whom people were goes on there
    later = await office.chat("Mon 10:30")
    await goes_on(office, target, later, "Mon 11:00")
    await says(office, theirs, "My invoice is wrong", "Mon 11:30")
    assert dict(await places(office, target)) == {theirs: "Mon 11:00", mine: "Mon 10:00", later: None}
    assert "It jams" in await heard(office, target)
    assert "My invoice is wrong" not in await heard(office, target)
    assert dict(await places(office, source)) == {theirs: "Mon 10:00"}


async def test_where_two_were_and_one_has_left_the_other_is_still(office: Office) -> None:
    source, target = await two_of_ana(office)
    away = await office.chat("Mon 09:30")
    await goes_on(office, target, chat_of(source), "Mon 09:40")
    await goes_on(office, target, away, "Mon 09:50")
    await says(office, chat_of(source), "It jams", "Mon 09:55")
    await merged(office, source, target, "Mon 10:00")
    assert "It jams" in await heard(office, target)


async def test_what_the_case_itself_heard_and_said_stays_though_a_merge_was_undone(office: Office) -> None:
    source, target = await two_of_ana(office)
    theirs = chat_of(source)
    await says(office, theirs, "It jams", "Mon 09:07")
    await merged(office, source, target, "Mon 10:00")
    await office.do(reply, target.number, "It comes at ten.", key="a-reply", by=office.li.actor, at=when("Mon 10:10"))
    await office.do(unmerge, source.number, by=office.li.actor, at=when("Mon 12:00"))
    assert dict(await places(office, source))[theirs] is None
    assert "It comes at ten." in await heard(office, target)
    assert "It jams" not in await heard(office, target)
    assert "It jams" in await heard(office, source)
