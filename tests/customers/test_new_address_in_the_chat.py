"""The last step of the dialog about new details: the codes it takes, and whom it leaves verified."""

from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest

from bot.dialogs.change_details import take_code
from bot.dialogs.desk import Answers, Desk
from bot.dialogs.state import DialogState
from bot.dialogs.steps import Ask, Done
from bot.understanding import Intent, Understanding
from bot.understanding.understanding import Entity, EntityKind
from caseengine.model.conversation import Conversation
from customers.assurance import Assurances, Level
from customers.contacts import Contacts
from tests.customers.conftest import MONDAY, SECRET
from tests.customers.test_codes import ask, mails, the_code
from tests.customers.test_confirming_codes import gives, owners, speaker, verified

NEW, BENS, ANAS = "ben@new.example", "ben@corner.example", "ana@corner.example"


def words(text: str) -> Understanding:
    code = (Entity(EntityKind.CODE, text, text, 0, len(text)),) if text.isdigit() else ()
    return Understanding(text, Intent.SOMETHING_ELSE if code else Intent.AFFIRM, 1.0, entities=code)


async def says(database, conversation: UUID, address: str, text: str):
    """One turn at the step that waits for the code."""
    async with database.unit_of_work() as work:
        desk = Desk(
            work=work,
            conversation=Conversation(id=conversation, channel="webchat", visitor="v", locale="en", opened_at=MONDAY),
            assurance=await Assurances(work).of(conversation, at=MONDAY),
            state=DialogState(),
            answers=cast("Answers", None),  # nothing is looked up at this step
            at=MONDAY,
            received_at=MONDAY,
            key="k",
            said=text,
            departments={},
            secret=SECRET,
            fallback_department="",
            source="192.0.2.1",
        )
        return await take_code(words(text), {"email": address}, desk)


async def test_the_address_of_somebody_else_gets_the_same_words_and_no_code(database, people):
    said = {}
    for address in (NEW, ANAS):
        await gives(database, people.ben, address)
        said[address] = await says(database, await verified(database, people.ben), address, "yes")
    assert isinstance(said[NEW], Ask)
    assert said[NEW] == replace(said[ANAS], params={"address": NEW})
    assert [(mail["template"], mail["to"]) for mail in await mails(database)] == [
        ("one_time_code", NEW),
        ("address_taken", ANAS),
    ]


async def test_what_is_sent_to_somebody_else_makes_nobody_that_person(database, people):
    await gives(database, people.ben, ANAS)
    conversation = await verified(database, people.ben)
    await says(database, conversation, ANAS, "yes")
    answer = await says(database, conversation, ANAS, await the_code(database))
    assert isinstance(answer, Ask)
    assert answer.line.key == "identify.code_wrong"
    assert await speaker(database, conversation) == (Level.VERIFIED, people.ben.id)
    assert await owners(database, ANAS) == ["Ana Field"]


async def test_the_code_in_the_new_mailbox_is_taken(database, people):
    await gives(database, people.ben, NEW)
    conversation = await verified(database, people.ben)
    await says(database, conversation, NEW, "yes")
    assert (await says(database, conversation, NEW, await the_code(database))).line.key == "details.done"
    assert await owners(database, NEW) == ["Ben Hill"]


@pytest.mark.parametrize("sent_to", [BENS, ANAS])
async def test_a_code_that_identifies_is_no_proof_of_the_new_address(database, people, sent_to):
    await gives(database, people.ben, NEW)
    conversation = await verified(database, people.ben)
    await ask(database, conversation, sent_to)
    answer = await says(database, conversation, NEW, await the_code(database))
    assert not isinstance(answer, Done)
    assert await speaker(database, conversation) == (Level.VERIFIED, people.ben.id)
    async with database.snapshot() as snapshot:
        assert await Contacts(snapshot).by_identity("email", NEW) == []
