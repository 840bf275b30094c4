"""An agent leads somebody through a call script; what they answer stands on the case."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.event_rows import from_row
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.case_errors import ScriptNotFound, ScriptStepNotNow
from caseengine.model.events import CaseEvent, ScriptAnswered
from caseengine.model.script import Script, Step, in_language, next_step, path, read_answer, read_scripts
from caseengine.operations.filling import fill_in
from caseengine.operations.permission import permitted_case
from caseengine.rulebooks import Rulebook, rulebook
from caseengine.tables import case_events
from storage.transaction import Snapshot, UnitOfWork


@dataclass(frozen=True, slots=True)
class Run:
    """How far somebody got with a script on a case.

    Attributes:
        version: of the rulebook that was in force when the run began: it goes on by that.
        answers: by step; those of a way that was left are among them.
    """

    script: Script
    version: int
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> Step | None:
        """What is asked now; None when the script is done."""
        return next_step(self.script, self.answers)

    @property
    def walked(self) -> list[str]:
        """The steps that were answered, in order."""
        return path(self.script, self.answers)[0]


async def script_run(snapshot: Snapshot, case_id: UUID, script: str) -> Run:
    """The run of a script on a case, from its events; at its beginning when there was none.

    Raises:
        ScriptNotFound: there is no such script.
    """
    said = await _answered(snapshot, case_id, script)
    version = said[-1].version if said else None
    found = await rulebook(snapshot, Rulebook.SCRIPTS, version)
    scripts = read_scripts(found.document)
    if script not in scripts:
        raise ScriptNotFound
    return Run(scripts[script], found.version, _answers(said, scripts[script].start))


async def answer_script(
    work: UnitOfWork,
    number: str,
    script: str,
    step: str,
    answer: Any,
    *,
    language: str = "",
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """The answer to a step; the field the step names is filled with it.

    A step that was answered may be answered again: the script goes on from there. The first step begins anew, by the
    version in force, also where that calls it otherwise; a step that is just asked goes on with its run.

    Raises:
        ScriptNotFound: there is no such script.
        ScriptStepNotNow: that step is neither asked now nor was it answered.
        ScriptAnswerInvalid: it is no answer to that step.
        FieldsInvalid: the form does not take it.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it was merged away.
    """
    case = await permitted_case(work, number, by=by, version=version)
    run = await script_run(work, case.id, script)
    if await _begins_anew(work, run, step):
        run = await _begin(work, script)
    if step not in (*run.walked, run.asked.id if run.asked else ""):
        raise ScriptStepNotNow(step)
    asked = run.script.steps[step]
    told: dict[str, Any] = {"script": script, "version": run.version, "step": step}
    told |= {"question": in_language(asked.ask, language), "answer": read_answer(asked, answer)}
    case.record(ScriptAnswered(case_id=case.id, actor=by, at=at, **told))
    if asked.field is not None:
        await fill_in(work, case, {asked.field: answer}, by=by, at=at)
    return case


async def _begins_anew(work: UnitOfWork, run: Run, step: str) -> bool:
    if step == run.script.start:
        return True
    asked = run.asked is not None and run.asked.id == step
    newest = read_scripts((await rulebook(work, Rulebook.SCRIPTS)).document).get(run.script.id)
    return not asked and newest is not None and newest.start == step


async def _begin(work: UnitOfWork, script: str) -> Run:
    found = await rulebook(work, Rulebook.SCRIPTS)
    scripts = read_scripts(found.document)
    if script not in scripts:
        raise ScriptNotFound
    return Run(scripts[script], found.version)


async def _answered(snapshot: Snapshot, case_id: UUID, script: str) -> list[ScriptAnswered]:
    mine = sa.select(case_events).where(case_events.c.case_id == case_id, case_events.c.kind == ScriptAnswered.__name__)
    events: Iterable[CaseEvent] = map(from_row, await snapshot.rows(mine.order_by(case_events.c.seq)))
    return [event for event in events if isinstance(event, ScriptAnswered) and event.script == script]


def _answers(said: Iterable[ScriptAnswered], start: str) -> dict[str, Any]:
    """Of the newest run: a run begins with the first step."""
    answers: dict[str, Any] = {}
    for event in said:
        if event.step == start:
            answers = {}
        answers[event.step] = event.answer
    return answers
