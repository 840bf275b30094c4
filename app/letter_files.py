"""The files that go with a mail of the desk's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from bot.activity import Attachment
from caseengine.case_files import CaseFile, read_case_file
from caseengine.files import StoredFile, read_file
from channels.email.letter import Enclosure
from channels.email.mail import Mail
from channels.protocol import DeliveryFailed
from storage.transaction import Snapshot


async def files_said(
    snapshot: Snapshot, conversation: UUID, attachments: Sequence[Attachment]
) -> tuple[Enclosure, ...]:
    """Those of an activity.

    Raises:
        DeliveryFailed: one is gone; without it the words would promise what is not there.
    """
    return tuple([_enclosed(await read_file(snapshot, conversation, UUID(one.id))) for one in attachments])


async def files_forwarded(snapshot: Snapshot, case_id: UUID, named: Sequence[str]) -> tuple[Enclosure, ...]:
    """Those of a case, by id. Raises as `files_said` does."""
    return tuple([_enclosed(await read_case_file(snapshot, case_id, UUID(one))) for one in named])


async def with_files(snapshot: Snapshot, mail: Mail, named: Sequence[Mapping[str, str]]) -> Mail:
    """A notice with its files; of each that is gone by now its words say so.

    Args:
        named: "case_id", "id" and "said_in" of each, in the order in which the items of the notice name them.
    """
    found = [await _noticed(snapshot, one) for one in named]
    left = iter(found)
    items = []
    for item in mail.params["items"]:
        files = [(name, next(left)) for name in item.get("files", ())]
        there = {"files": [name for name, file in files if file is not None]}
        gone = {"gone": [*item.get("gone", ()), *(name for name, file in files if file is None)]}
        items.append({**item, **there, **gone})
    enclosures = tuple(_enclosed(one) for one in found if one is not None)
    return replace(mail, params={**mail.params, "items": items}, enclosures=enclosures)


async def _noticed(snapshot: Snapshot, one: Mapping[str, str]) -> tuple[CaseFile, bytes] | None:
    said_in = UUID(one["said_in"]) if one.get("said_in") else None
    return await read_case_file(snapshot, UUID(one["case_id"]), UUID(one["id"]), said_in=said_in)


def _enclosed(found: tuple[CaseFile | StoredFile, bytes] | None) -> Enclosure:
    if found is None:
        raise DeliveryFailed("a file of it is gone", reason="fault")
    file, content = found
    return Enclosure(file.name, file.content_type, content)
