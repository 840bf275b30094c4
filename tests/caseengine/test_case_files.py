"""An agent's file goes from the case into the customer's conversation, on every database."""

from uuid import UUID

from caseengine.case_files import read_case_file
from caseengine.files import read_file
from caseengine.operations import answering
from caseengine.operations.enclosing import put_file
from storage.engine import Database
from tests.caseengine.office import Office, when


async def test_what_is_said_to_the_customer_is_copied_to_where_they_read(any_database: Database) -> None:
    office = Office(any_database)
    await office.furnish()
    conversation, case = await office.handed_over()
    who = {"by": office.li.actor, "at": when("Mon 10:00")}
    laid = await office.do(put_file, case.number, name="a.pdf", content_type="application/pdf", content=b"%PDF", **who)
    assert await office.see(read_file, conversation, laid.id) is None
    for key in ("first", "second"):
        await office.do(answering.reply, case.number, "Here", key=key, files=[laid.id], **who)
    said = [row.body["attachments"] for row in await office.log(conversation) if row.body.get("attachments")]
    assert said[0] == said[1]
    (copy,) = said[0]
    for found in (
        await office.see(read_file, conversation, UUID(copy["id"])),
        await office.see(read_case_file, case.id, laid.id),
    ):
        assert found is not None
        assert (found[0].name, found[0].size, found[1]) == ("a.pdf", 4, b"%PDF")
