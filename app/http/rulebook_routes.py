"""What the company decides, read and written by supervisors: rulebooks, and dry runs."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.backtest.draft import CaseHistory
from app.backtest.run import DRAFTS, history_of, newest_histories
from app.http.endpoint import Call, Endpoint, Scope
from app.http.rulebook_shapes import (
    CaseDifferenceAnswer,
    DecisionAnswer,
    DryRunAnswer,
    DryRunBody,
    RulebookAnswer,
    RulebookBody,
    RulebookCheckBody,
    RulebookNamedAnswer,
    RulebooksAnswer,
)
from app.rulebooks import KINDS, check, kind_named, only_json, put_in_force
from caseengine.model.errors import CaseNotFound, RulebookChanged, RulebookInvalid, RulebookNotFound
from caseengine.model.number import Mistyped, read_number
from caseengine.reading.rulebooks import decisions, newest_decisions
from caseengine.rule_replay import Period
from caseengine.rulebooks import rulebook
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import Snapshot

RULEBOOKS = "/api/rulebooks"
SAMPLE = 100
"""Cases of a dry run that names none."""


class RulebookRoutes:
    """`/api/rulebooks`, and what lies below."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def endpoints(self) -> list[Endpoint]:
        one = f"{RULEBOOKS}/{{kind}}"
        known, sound = (RulebookNotFound.code,), (RulebookInvalid.code,)
        return [
            Endpoint(
                method="GET",
                path=RULEBOOKS,
                scope=Scope.SUPERVISOR,
                summary="The rulebooks there are, and who decided the version in force.",
                handle=self.all,
                answer=RulebooksAnswer,
            ),
            Endpoint(
                method="GET",
                path=one,
                scope=Scope.SUPERVISOR,
                summary="The version in force, and who decided which when.",
                handle=self.one,
                answer=RulebookAnswer,
                refuses=known,
            ),
            Endpoint(
                method="PUT",
                path=one,
                scope=Scope.SUPERVISOR,
                summary="Put another version in force.",
                about="The same document again is no new version.",
                handle=self.put,
                body=RulebookBody,
                answer=RulebookAnswer,
                refuses=(*known, *sound, RulebookChanged.code, Conflict.code),
            ),
            Endpoint(
                method="POST",
                path=f"{one}/check",
                scope=Scope.SUPERVISOR,
                summary="Say whether a document makes sense; nothing is changed.",
                handle=self.check,
                body=RulebookCheckBody,
                refuses=(*known, *sound),
            ),
            self._dry_run_endpoint((*known, *sound)),
        ]

    async def all(self, _: Call) -> RulebooksAnswer:
        async with self._database.snapshot() as snapshot:
            found = await newest_decisions(snapshot)
        return RulebooksAnswer(
            rulebooks=[
                RulebookNamedAnswer(
                    kind=kind,
                    version=found[kind].version if kind in found else 0,
                    by=found[kind].by if kind in found else None,
                    at=found[kind].at if kind in found else None,
                )
                for kind in KINDS
            ]
        )

    async def one(self, call: Call) -> RulebookAnswer:
        kind = kind_named(call.path("kind"))
        async with self._database.snapshot() as snapshot:
            current = await rulebook(snapshot, kind)
            found = await decisions(snapshot, kind)
        return RulebookAnswer(
            kind=kind,
            version=current.version,
            document=dict(current.document),
            versions=[DecisionAnswer.model_validate(decision) for decision in found],
        )

    async def put(self, call: Call) -> RulebookAnswer:
        kind, body = kind_named(call.path("kind")), call.body
        by = call.agent.agent.actor
        async with self._database.unit_of_work() as work:
            await put_in_force(work, kind, body.document, by=by, at=self._now(), version=body.version)
        return await self.one(call)

    async def check(self, call: Call) -> None:
        kind = kind_named(call.path("kind"))
        async with self._database.snapshot() as snapshot:
            await check(snapshot, kind, call.body.document)

    async def dry_run(self, call: Call) -> DryRunAnswer:
        """On a snapshot alone: nothing can be written from here."""
        kind, body, at = kind_named(call.path("kind")), call.body, self._now()
        if (read := DRAFTS.get(kind)) is None:
            raise RulebookNotFound
        period = Period(at - timedelta(days=body.days), at)
        only_json(body.document)
        async with self._database.snapshot() as snapshot:
            draft = await read(snapshot, body.document, period)
            histories = await _histories(snapshot, body)
            found = await draft.compared(snapshot, histories, period)
        return DryRunAnswer(
            looked_at=len(histories),
            cases=[CaseDifferenceAnswer.model_validate(one) for one in found],
        )

    def _dry_run_endpoint(self, refuses: tuple[str, ...]) -> Endpoint:
        return Endpoint(
            method="POST",
            path=f"{RULEBOOKS}/{{kind}}/dry-run",
            scope=Scope.SUPERVISOR,
            summary="What a draft would have made of one case, or of the newest ones.",
            about="Of rules, sla or routing. Nothing is changed. The whole log is for `nightdesk backtest`.",
            handle=self.dry_run,
            body=DryRunBody,
            answer=DryRunAnswer,
            refuses=(*refuses, CaseNotFound.code),
        )


async def _histories(snapshot: Snapshot, body: DryRunBody) -> list[CaseHistory]:
    if body.number is None:
        return await newest_histories(snapshot, SAMPLE)
    number = read_number(body.number)
    found = None if isinstance(number, Mistyped) else await history_of(snapshot, str(number))
    if found is None:
        raise CaseNotFound
    return [found]
