"""What an agent keeps on a case: tags, watching, checklist, type, fields, answers to a call script."""

from typing import Any

from app.http.bodies import VersionBody
from app.http.case_acting import CaseActing, Who
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Call, Endpoint, Scope
from app.http.relating_bodies import (
    AnswerBody,
    AnsweredAnswer,
    CheckedBody,
    CheckItemBody,
    ChoiceAnswer,
    ClassifyBody,
    FieldsBody,
    FormAnswer,
    LanguageQuery,
    RunAnswer,
    ScriptAnswer,
    ScriptsAnswer,
    StepAnswer,
    TagsBody,
)
from caseengine.forms import form_of
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.script import Step, in_language, read_scripts
from caseengine.operations import filling, keeping, scripting
from caseengine.operations.permission import permitted_case
from caseengine.reading.case_view import case_view
from caseengine.rulebooks import Rulebook, rulebook
from storage.engine import Database
from storage.transaction import UnitOfWork

ITEM = "checklist/{item}"
NO_ITEM = "case.checklist_item_not_found"
NO_FIELDS = "case.fields_invalid"
ANSWERED = ("script.not_found", "script.step_not_now", "script.answer_invalid", NO_FIELDS)


class CaseKeeping:
    """Below `/api/cases/{number}`, and `/api/scripts`."""

    def __init__(self, database: Database, acting: CaseActing) -> None:
        self._database = database
        self._acting = acting

    def endpoints(self) -> list[Endpoint]:
        act = self._acting.act
        tags = ("case.tag_invalid", "case.too_many")
        listed = ("case.too_many", "case.text_missing")
        return [
            act("tags", "Add and remove tags.", TagsBody, self._tag, *tags),
            act("watch", "Hear of it without holding it.", VersionBody, self._watch, "case.too_many"),
            act("unwatch", "Hear of it no more.", VersionBody, self._unwatch),
            act("checklist", "One more thing to do.", CheckItemBody, self._add_item, *listed),
            act(ITEM, "It is done, or after all not.", CheckedBody, self._check, NO_ITEM),
            act(f"{ITEM}/removal", "It need not be done.", VersionBody, self._drop, NO_ITEM),
            act(
                "classification",
                "It is of another type, reaches further, or is more urgent.",
                ClassifyBody,
                self._classify,
                "case.text_missing",
            ),
            act("fields", "Fill in its form.", FieldsBody, self._fill, NO_FIELDS),
            act("scripts/{script}/answers", "The answer to a step.", AnswerBody, self._answer, *ANSWERED),
            _read(f"{CASE}/form", "The form of its type.", self.form, FormAnswer, *SHOWN),
            _read(
                f"{CASE}/scripts/{{script}}", "How far a script got on it.", self.run, RunAnswer, *SHOWN, ANSWERED[0]
            ),
            _read("/api/scripts", "The call scripts there are.", self.scripts, ScriptsAnswer),
        ]

    async def form(self, call: Call) -> FormAnswer:
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            case_type = CaseType(view.case_type)
            form = await form_of(snapshot, case_type)
        return FormAnswer(case_type=case_type, form=dict(form.schema))

    async def scripts(self, call: Call) -> ScriptsAnswer:
        async with self._database.snapshot() as snapshot:
            scripts = read_scripts((await rulebook(snapshot, Rulebook.SCRIPTS)).document)
        found = [
            ScriptAnswer(id=name, title=in_language(one.title, call.query.language)) for name, one in scripts.items()
        ]
        return ScriptsAnswer(scripts=sorted(found, key=lambda one: one.id))

    async def run(self, call: Call) -> RunAnswer:
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            run = await scripting.script_run(snapshot, view.row.id, call.path("script"))
        return _run_answer(run, call.query.language)

    async def _tag(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await keeping.tag(work, call.path("number"), add=call.body.add, remove=call.body.remove, **who)

    async def _watch(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await keeping.watch(work, call.path("number"), **who)

    async def _unwatch(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await keeping.unwatch(work, call.path("number"), **who)

    async def _add_item(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: CheckItemBody = call.body
        return await keeping.add_check_item(work, call.path("number"), body.text, required=body.required, **who)

    async def _check(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await keeping.check_item(work, call.path("number"), call.path("item"), done=call.body.done, **who)

    async def _drop(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await keeping.drop_item(work, call.path("number"), call.path("item"), **who)

    async def _classify(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: ClassifyBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"], version=who["version"])
        told = {"reason": body.reason, "by": who["by"], "at": who["at"]}
        if body.case_type is not None:
            await filling.classify(work, case.number, body.case_type, **told)
        if body.impact is not None or body.urgency is not None:
            await filling.assess(work, case.number, impact=body.impact, urgency=body.urgency, **told)
        return case

    async def _fill(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await filling.fill(work, call.path("number"), call.body.values, **who)

    async def _answer(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: AnswerBody = call.body
        asked = (call.path("number"), call.path("script"), body.step, body.answer)
        return await scripting.answer_script(work, *asked, language=body.language, **who)


def _read(path: str, summary: str, handle: Any, answer: Any, *refuses: str) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        scope=Scope.AGENT,
        summary=summary,
        handle=handle,
        answer=answer,
        query=LanguageQuery,
        refuses=refuses,
    )


def _run_answer(run: scripting.Run, language: str) -> RunAnswer:
    steps = [run.script.steps[name] for name in run.walked]
    return RunAnswer(
        script=run.script.id,
        title=in_language(run.script.title, language),
        version=run.version,
        answered=[
            AnsweredAnswer(
                step=step.id,
                question=in_language(step.ask, language),
                kind=step.kind,
                choices=_choices(step, language),
                answer=run.answers[step.id],
            )
            for step in steps
        ],
        asked=_step_answer(run.asked, language) if run.asked else None,
    )


def _step_answer(step: Step, language: str) -> StepAnswer:
    return StepAnswer(
        id=step.id,
        question=in_language(step.ask, language),
        kind=step.kind,
        choices=_choices(step, language),
    )


def _choices(step: Step, language: str) -> list[ChoiceAnswer]:
    return [ChoiceAnswer(value=value, label=in_language(label, language)) for value, label in step.choices.items()]
