"""The agent's side of a journey: what a person at the desk does, over the HTTP API."""

import asyncio
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp


class DeskAgent:
    """Signed in and present, until the end of the block."""

    def __init__(self, origin: str, email: str, password: str) -> None:
        self.origin = origin
        self.name = ""
        self._sign_in = {"email": email, "password": password}
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._csrf = ""

    async def __aenter__(self) -> Self:
        try:
            signed = await self._call("POST", "/api/session", self._sign_in)
            self._csrf, self.name = signed["csrf"], signed["agent"]["name"]
            await self._call("PUT", "/api/presence", {"presence": "available"})
        except BaseException:
            await self._http.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def unassigned(self) -> list[str]:
        """Numbers of the cases nobody has, as this agent sees them."""
        cases = (await self._call("GET", "/api/cases?unassigned=true&limit=100"))["cases"]
        return [case["number"] for case in cases]

    async def case(self, number: str) -> dict[str, Any]:
        return await self._call("GET", f"/api/cases/{number}")

    async def conversation(self, number: str) -> list[dict[str, Any]]:
        """The activities of the log, oldest first."""
        log = await self._call("GET", f"/api/cases/{number}/conversation")
        return [said["activity"] for said in log["activities"]]

    async def hears(self, number: str, text: str) -> None:
        """Wait until the customer's words are in the history of the case."""
        for _ in range(100):
            if text in str(await self._call("GET", f"/api/cases/{number}/timeline")):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"never heard on {number}: {text}")

    async def take(self, number: str) -> None:
        await self._call("POST", f"/api/cases/{number}/assignment", {})

    async def types(self, number: str) -> None:
        await self._call("POST", f"/api/cases/{number}/typing", {})

    async def reply(self, number: str, text: str) -> None:
        await self._call("POST", f"/api/cases/{number}/replies", {"key": uuid4().hex, "text": text})

    async def timeline(self, number: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self._call("GET", f"/api/cases/{number}/timeline"))["entries"]
        return entries

    async def sends_again(self, number: str, lost: int) -> None:
        """The words of which this line of the history tells."""
        await self._call("POST", f"/api/cases/{number}/deliveries", {"lost": lost})

    async def note(self, number: str, text: str) -> None:
        await self._call("POST", f"/api/cases/{number}/notes", {"key": uuid4().hex, "text": text})

    async def watch(self, number: str) -> None:
        await self._call("POST", f"/api/cases/{number}/watch", {})

    async def has_read_everything(self) -> None:
        await self._call("POST", "/api/notices/reading", {"until": "2100-01-01T00:00:00Z"})

    async def has_read(self, kind: str, number: str) -> None:
        """Wait until a notice about a case has come and was read."""
        for _ in range(200):
            listed = (await self._call("GET", "/api/notices"))["notices"]
            if any((one["kind"], one["number"]) == (kind, number) and one["read_at"] for one in listed):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{kind} of {number} was never read")

    async def puts_in_force(self, kind: str, document: dict[str, Any]) -> None:
        """A rulebook; for supervisors."""
        await self._call("PUT", f"/api/rulebooks/{kind}", {"document": document})

    async def presence_of(self, name: str) -> tuple[str, str]:
        """How somebody says they are, and why; for supervisors."""
        agents = (await self._call("GET", "/api/agents/load"))["agents"]
        return next((one["presence"], one["reason"]) for one in agents if one["name"] == name)

    async def resolve(self, number: str, text: str) -> None:
        await self._call("POST", f"/api/cases/{number}/resolution", {"code": "solved", "text": text})

    async def escalate(self, number: str, reason: str) -> None:
        await self._call("POST", f"/api/cases/{number}/escalation", {"reason": reason})

    async def split(self, number: str, subject: str, text: str) -> str:
        """Another case of the same customer; its number."""
        return str(
            (await self._call("POST", f"/api/cases/{number}/split", {"subject": subject, "text": text}))["number"]
        )

    async def move(self, number: str, department: str, reason: str) -> None:
        await self._call("POST", f"/api/cases/{number}/move", {"department": department, "reason": reason})

    async def address(self, name: str) -> str:
        """A colleague's e-mail address."""
        agents = (await self._call("GET", "/api/agents"))["agents"]
        return next(str(one["email"]) for one in agents if one["name"] == name)

    async def classify(self, number: str, case_type: str) -> None:
        body = {"case_type": case_type, "reason": "It is one."}
        await self._call("POST", f"/api/cases/{number}/classification", body)

    async def fill(self, number: str, **values: object) -> None:
        await self._call("POST", f"/api/cases/{number}/fields", {"values": values})

    async def merge(self, number: str, into: str) -> None:
        await self._call("POST", f"/api/cases/{number}/merge", {"into": into})

    async def attach(self, number: str, parent: str) -> None:
        """Makes it part of a larger case."""
        await self._call("POST", f"/api/cases/{number}/parent", {"parent": parent})

    async def decide(self, kind: str, document: dict[str, Any]) -> None:
        """Puts a rulebook in force; for supervisors."""
        await self._call("PUT", f"/api/rulebooks/{kind}", {"document": document})

    async def agent_id(self, name: str) -> str:
        agents = (await self._call("GET", "/api/agents"))["agents"]
        return next(str(one["id"]) for one in agents if one["name"] == name)

    async def signs_out(self, agent_id: str) -> None:
        """Ends a colleague's sessions; for supervisors."""
        await self._call("DELETE", f"/api/agents/{agent_id}/sessions")

    async def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"X-CSRF-Token": self._csrf} if self._csrf else {}
        async with self._http.request(method, f"{self.origin}{path}", json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
            document: dict[str, Any] = await answer.json() if text else {}
            return document
