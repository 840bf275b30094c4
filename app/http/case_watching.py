"""Two agents in one case see each other."""

from collections.abc import Callable, Collection
from uuid import UUID

from app.http.answer_makers import watchers_answer
from app.http.answers import WatchingAnswer
from app.http.bodies import WatchingBody
from app.http.case_reading import CASE, SHOWN
from app.http.endpoint import Call, Endpoint, Scope
from app.http.sessions import Sessions
from app.live.watching import Attention, Watching, to_close
from caseengine.reading.case_view import case_view
from storage.engine import Database


class CaseWatching:
    """`PUT /api/cases/{number}/watching`.

    Args:
        tell: called with the cases in which somebody came, went, or does something else now.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        watching: Watching,
        tell: Callable[[Collection[UUID]], None],
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._watching = watching
        self._tell = tell

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="PUT",
                path=f"{CASE}/watching",
                scope=Scope.AGENT,
                summary="Say that you have this case open, and see who else has.",
                about="Again at least every 30 seconds: a window silent for 45 is gone. The feed tells the others.",
                handle=self.watch,
                body=WatchingBody,
                answer=WatchingAnswer,
                refuses=SHOWN,
            )
        ]

    async def watch(self, call: Call) -> WatchingAnswer:
        body: WatchingBody = call.body
        windows = self._watching.windows()
        async with self._database.snapshot() as snapshot:
            view = await case_view(snapshot, call.agent.agent, call.path("number"))
            agents = await self._sessions.still_signed_in(snapshot, {one.token_hash for one in windows})
            closed = await to_close(snapshot, windows, agents)
        changed = self._watching.look(closed)
        state = None if body.state == "gone" else Attention(body.state)
        self._tell(changed | self._watching.say(view.row.id, call.agent, state, body.window, body.turn))
        return watchers_answer(one for one in self._watching.of(view.row.id) if one.id != call.agent.agent.id)
