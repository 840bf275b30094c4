"""Resolutions of past cases: the second source of answers, read by agents unless published further."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from knowledge.article import PastCase
from knowledge.ingest.passages import case_passages, case_title, replace_passages
from knowledge.tables import passages, resolutions
from storage.transaction import UnitOfWork, insertion


async def add_resolutions(work: UnitOfWork, cases: Sequence[PastCase], *, at: datetime) -> int:
    """Add past cases or bring them up to date; how many were new or changed. One without words is passed over."""
    told = {case.case_number: case for case in cases if case.symptom.strip() and case.resolution.strip()}
    known = await _known_hashes(work, list(told))
    changed = [case for case in told.values() if known.get(case.case_number) != case.content_hash]
    for case in changed:
        _store(work, case, is_new=case.case_number not in known, at=at)
        await replace_passages(
            work, passages.c.case_number, case.case_number, case_title(case.symptom), case_passages(case)
        )
    return len(changed)


async def _known_hashes(work: UnitOfWork, numbers: Sequence[str]) -> dict[str, str]:
    columns = resolutions.c
    rows = await work.rows(sa.select(columns.case_number, columns.content_hash).where(columns.case_number.in_(numbers)))
    return {row.case_number: row.content_hash for row in rows}


def _store(work: UnitOfWork, case: PastCase, *, is_new: bool, at: datetime) -> None:
    values = {
        "symptom": case.symptom,
        "resolution": case.resolution,
        "audience": case.audience.label,
        "language": case.language,
        "content_hash": case.content_hash,
        "changed_at": at,
    }
    if is_new:
        work.write(insertion(resolutions, case_number=case.case_number, **values))
    else:
        work.write(sa.update(resolutions).where(resolutions.c.case_number == case.case_number).values(values), rows=1)
