"""What an agent does with several cases: merge and undo, split, parent and children, find those alike."""

from collections.abc import Callable
from datetime import datetime

from app.http.answer_makers import case_answer
from app.http.bodies import VersionBody
from app.http.case_acting import CHANGED, UNRESOLVED, CaseActing, Who
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Call, Endpoint, Scope
from app.http.relating_bodies import (
    AlikeAnswer,
    AlikeCase,
    CascadeAnswer,
    CascadeBody,
    ChildrenAnswer,
    GoOnBody,
    LinkBody,
    MergeBody,
    ParentBody,
    RefusedChild,
    SplitAnswer,
    SplitBody,
)
from bot.replies.catalogue import Catalogue
from caseengine.agents import Agent
from caseengine.likeness import Meaning
from caseengine.model.case import Case
from caseengine.model.resolution import Resolution
from caseengine.operations import linking, merging, parenting, splitting
from caseengine.operations.permission import permitted_case
from caseengine.policies.alike import Alike
from caseengine.reading.alike import Gathered, compare, gather
from caseengine.reading.case_kept import children_of
from caseengine.reading.case_view import case_view
from caseengine.reading.cases import numbered
from storage.engine import Database
from storage.transaction import Snapshot, UnitOfWork

PROMISED = ("calendar.invalid",)


class CaseRelating:
    """Below `/api/cases/{number}`."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        catalogue: Catalogue,
        acting: CaseActing,
        meaning: Meaning | None,
    ) -> None:
        self._database = database
        self._now = now
        self._words = catalogue.words
        self._acting = acting
        self._meaning = meaning

    def endpoints(self) -> list[Endpoint]:
        act = self._acting.act
        itself, above = "case.itself", ("case.parent_cycle", "case.parent_too_deep")
        merging_refuses = (itself, "case.customers_differ", "case.merge_chained")
        return [
            act(
                "merge", "Let it go on in another case of the same customer.", MergeBody, self._merge, *merging_refuses
            ),
            act("unmerge", "Undo the merge: it goes on by itself.", VersionBody, self._unmerge, *PROMISED),
            self._split_endpoint(),
            act("links", "Say that it has to do with another case.", LinkBody, self._link, itself),
            act("links/removal", "After all it has not.", LinkBody, self._unlink, itself, "case.follows"),
            act(
                "conversation",
                "Let it go on in the conversation of another case of its customer.",
                GoOnBody,
                self._go_on,
                *(itself, "case.customers_differ", "case.no_conversation"),
                about="Replies go there from now on. Nobody may read more of it by that.",
            ),
            act("parent", "Make it part of a larger case.", ParentBody, self._set_parent, itself, *above),
            act("parent-removal", "Let it stand by itself again.", VersionBody, self._remove_parent),
            self._cascade_endpoint(),
            Endpoint(
                method="GET",
                path=f"{CASE}/children",
                scope=Scope.AGENT,
                summary="The cases that are part of it.",
                handle=self.children,
                answer=ChildrenAnswer,
                refuses=SHOWN,
            ),
            Endpoint(
                method="GET",
                path=f"{CASE}/alike",
                scope=Scope.AGENT,
                summary="Live cases that look like it: duplicates, and a problem that many customers have.",
                handle=self.alike,
                answer=AlikeAnswer,
                refuses=SHOWN,
            ),
        ]

    async def split(self, call: Call) -> SplitAnswer:
        made: list[Case] = []

        async def operation(work: UnitOfWork, call: Call, who: Who) -> Case:
            made.append(await self._split(work, call, who))
            return made[-1]

        await self._acting.done(call, operation)
        return SplitAnswer(number=made[-1].number)

    async def cascade(self, call: Call) -> CascadeAnswer:
        told: list[parenting.Cascade] = []

        async def operation(work: UnitOfWork, call: Call, who: Who) -> Case:
            told.append(await self._cascade(work, call, who))
            return told[-1].parent

        await self._acting.done(call, operation)
        done = told[-1]
        refused = [RefusedChild(number=number, code=code) for number, code in done.refused]
        place = {"hidden": done.hidden, "after": done.after, "remaining": done.remaining}
        return CascadeAnswer(resolved=list(done.resolved), refused=refused, **place)

    async def children(self, call: Call) -> ChildrenAnswer:
        agent = call.agent.agent
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, agent, call.path("number"))
            rows = await children_of(snapshot, agent, view.row.id)
        return ChildrenAnswer(cases=[case_answer(row, self._now()) for row in rows])

    async def alike(self, call: Call) -> AlikeAnswer:
        agent = call.agent.agent
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, agent, call.path("number"))
            gathered = await gather(snapshot, view.row.id)
        return await answer_alike(self._database, agent, gathered, self._meaning, at=self._now())

    def _split_endpoint(self) -> Endpoint:
        return Endpoint(
            method="POST",
            path=f"{CASE}/split",
            scope=Scope.AGENT,
            summary="Open a linked case for a second problem in it.",
            about="Of the same customer, in the same conversation.",
            handle=self.split,
            body=SplitBody,
            answer=SplitAnswer,
            refuses=(*CHANGED, "case.text_missing", "department.not_found", *PROMISED),
        )

    def _cascade_endpoint(self) -> Endpoint:
        return Endpoint(
            method="POST",
            path=f"{CASE}/cascade",
            scope=Scope.AGENT,
            summary="Resolve it and every live case below it.",
            about="Each customer is told in their own conversation. A case that refuses stays as it is and is named.",
            handle=self.cascade,
            body=CascadeBody,
            answer=CascadeAnswer,
            refuses=(*CHANGED, *UNRESOLVED),
        )

    async def _merge(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: MergeBody = call.body
        case = await permitted_case(work, call.path("number"), by=who["by"])
        into = await permitted_case(work, body.into, by=who["by"])
        notice = self._words["notice.merged"].format(number=case.number, into=into.number)
        return await merging.merge(work, case.number, into.number, notice=notice, **who)

    async def _unmerge(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await merging.unmerge(work, call.path("number"), **who)

    async def _split(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        body: SplitBody = call.body
        told = {name: getattr(body, name) for name in ("subject", "text", "department", "case_type")}
        return await splitting.split(work, call.path("number"), **told, **who)

    async def _link(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await linking.relate(work, call.path("number"), call.body.other, **who)

    async def _unlink(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await linking.unrelate(work, call.path("number"), call.body.other, **who)

    async def _go_on(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await linking.go_on_where(work, call.path("number"), call.body.other, **who)

    async def _set_parent(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await parenting.set_parent(work, call.path("number"), call.body.parent, **who)

    async def _remove_parent(self, work: UnitOfWork, call: Call, who: Who) -> Case:
        return await parenting.remove_parent(work, call.path("number"), **who)

    async def _cascade(self, work: UnitOfWork, call: Call, who: Who) -> parenting.Cascade:
        body: CascadeBody = call.body
        resolution = Resolution(body.code, body.text)
        return await parenting.resolve_with_children(
            work,
            call.path("number"),
            resolution,
            closing=lambda case: self._acting.closing(case.number, body.text),
            after=body.after or "",
            **who,
        )


async def answer_alike(
    database: Database, agent: Agent, gathered: Gathered, meaning: Meaning | None, *, at: datetime
) -> AlikeAnswer:
    """What of it is alike and the agent may see; compared while nothing of the database is held."""
    found = await compare(gathered, meaning)
    async with database.snapshot() as snapshot:
        duplicates = await _shown(snapshot, agent, found.duplicates, at)
        known = await _shown(snapshot, agent, found.known_problem, at)
    return AlikeAnswer(duplicates=duplicates, known_problem=known, customers=found.customers if known else 0)


async def _shown(snapshot: Snapshot, agent: Agent, found: tuple[Alike, ...], at: datetime) -> list[AlikeCase]:
    """Those of the departments the agent may see, in their order."""
    rows = await numbered(snapshot, agent, [one.number for one in found])
    return [
        AlikeCase(**case_answer(rows[one.number], at).model_dump(), score=one.score, reasons=list(one.reasons))
        for one in found
        if one.number in rows
    ]
