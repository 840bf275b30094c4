"""Files that agents put on a case, and name in what they say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.case_files import CaseFile, CaseFiles, files_of_case
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.errors import FileEmpty, FilesTooLarge
from caseengine.operations.permission import permitted_case
from storage.transaction import UnitOfWork

FILES_MAX = 10
FILE_BYTES_MAX = 10 * 1024 * 1024
TOGETHER_BYTES_MAX = 15 * 1024 * 1024
"""Of what is said at once, on every channel: as a mail that is some 21 MB, which the usual server takes."""


async def put_file(
    work: UnitOfWork, number: str, *, name: str, content_type: str, content: bytes, by: Actor, at: datetime
) -> CaseFile:
    """Keep a file on the case for agents, until somebody names it.

    Raises:
        CaseNotFound, NotPermitted: see `permitted_case`.
        FileEmpty: there is nothing in it.
    """
    case = await permitted_case(work, number, by=by)
    if not content:
        raise FileEmpty
    return CaseFiles(work).put(case.id, name=name, content_type=content_type, content=content, at=at)


async def named_files(work: UnitOfWork, case: Case, named: Sequence[UUID]) -> list[CaseFile]:
    """The case's files that somebody names in what they say.

    Raises:
        FileNotOfCase: one of them is no file of this case.
        FilesTooLarge: together they are more than anybody is sent at once.
    """
    found = await files_of_case(work, case.id, named)
    if sum(file.size for file in found) > TOGETHER_BYTES_MAX:
        raise FilesTooLarge(TOGETHER_BYTES_MAX)
    return found


async def kept_files(work: UnitOfWork, case: Case, named: Sequence[UUID]) -> list[CaseFile]:
    """As `named_files`, for the case's own history: they stay with it."""
    found = await named_files(work, case, named)
    if found:
        CaseFiles(work).keep(found)
    return found


async def handed_files(work: UnitOfWork, case: Case, named: Sequence[UUID], *, at: datetime) -> list[CaseFile]:
    """As `named_files`, where those of the case's conversation can fetch them; without one they stay with the case."""
    if case.conversation_id is None:
        return await kept_files(work, case, named)
    found = await named_files(work, case, named)
    return [await CaseFiles(work).copy(case.id, file, case.conversation_id, at=at) for file in found]


def go_together(files: Sequence[Mapping[str, Any]]) -> bool:
    """Whether files, as an activity's attachments hold them, are no more than anybody is sent at once."""
    return len(files) <= FILES_MAX and sum(file["size"] for file in files) <= TOGETHER_BYTES_MAX
