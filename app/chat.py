"""`nightdesk chat`: a customer's side of the desk in a terminal, over the same Direct Line a web page uses."""

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

TIMEOUT = aiohttp.ClientTimeout(total=20)
REFRESH_EVERY_S = 15 * 60
POST_TRIES_MAX = 5
WAIT_MAX_S = 8.0
QUIET_S = 2.5
"""After the last line of a piped input: the conversation is over once nothing came for so long ..."""
ANSWER_WITHIN_S = 20.0
"""... but an answer is waited for at least so long."""
CARD = "application/vnd.microsoft.card.adaptive"


class ChatRefused(Exception):
    """The desk does not let us in, and asking again would not help; its words say why."""


@dataclass(slots=True)
class Line:
    """One conversation over Direct Line 3.0: what is posted arrives once, what is said is heard once and in order.

    Attributes:
        base: where the desk is, "http://127.0.0.1:8080".
        site: public key of the site to come from; the desk's own pages are "demo".
    """

    session: aiohttp.ClientSession
    base: str
    site: str
    token: str = ""
    conversation: str = ""
    watermark: str = "0"
    _heard: set[str] = field(default_factory=set)

    async def open(self) -> str:
        """Start the conversation; the address of its stream."""
        asked = await self._ask(
            "POST", "/api/webchat/token", json={"site": self.site}, headers={"Origin": self.base}, signed=False
        )
        self.token = asked["token"]
        started = await self._ask("POST", "/v3/directline/conversations", json={"locale": "en"})
        self.conversation = started["conversationId"]
        return str(started["streamUrl"])

    async def activities(self, stream: str) -> AsyncGenerator[Mapping[str, Any], None]:
        """What happens in the conversation, from the beginning, over as many sockets as it takes."""
        wait_s = 0.5
        while True:
            try:
                async with self.session.ws_connect(stream, heartbeat=20) as socket:
                    wait_s = 0.5
                    async for frame in socket:
                        for activity in self._fresh(frame):
                            yield activity
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, WAIT_MAX_S)
            stream = await self._resume() or stream

    async def say(self, text: str, value: Mapping[str, Any] | None = None) -> None:
        """Post a message; when the way is broken, the same one again until the desk has it."""
        key = uuid4().hex
        activity = {"type": "message", "from": {"id": "visitor"}, "channelData": {"clientActivityID": key}}
        activity |= {"text": text} if value is None else {"value": dict(value)}
        for attempt in range(POST_TRIES_MAX):
            try:
                await self._ask("POST", f"/v3/directline/conversations/{self.conversation}/activities", json=activity)
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(min(2**attempt * 0.5, WAIT_MAX_S))
            else:
                return
        raise ChatRefused("the desk cannot be reached; what you wrote last may not have arrived")

    async def keep_token(self) -> None:
        """Exchange the token in time, for as long as the conversation lasts."""
        while True:
            await asyncio.sleep(REFRESH_EVERY_S)
            self.token = (await self._ask("POST", "/v3/directline/tokens/refresh"))["token"]

    async def _resume(self) -> str | None:
        path = f"/v3/directline/conversations/{self.conversation}?watermark={self.watermark}"
        try:
            return str((await self._ask("GET", path))["streamUrl"])
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def _ask(self, method: str, path: str, *, signed: bool = True, **options: Any) -> dict[str, Any]:
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {self.token}"} if signed else {})
        async with self.session.request(method, self.base + path, headers=headers, **options) as response:
            if response.status >= 500 or response.status == 429:
                raise aiohttp.ClientError(response.status)
            document: dict[str, Any] = await response.json(content_type=None)
            if response.status >= 400:
                error = document.get("error", {})
                raise ChatRefused(document.get("detail") or error.get("message") or f"HTTP {response.status}")
            return document

    def _fresh(self, frame: aiohttp.WSMessage) -> Sequence[Mapping[str, Any]]:
        if frame.type is not aiohttp.WSMsgType.TEXT or not frame.data:
            return []
        document = frame.json()
        self.watermark = document.get("watermark") or self.watermark
        new = [activity for activity in document["activities"] if activity.get("id") not in self._heard]
        self._heard.update(activity["id"] for activity in new if activity.get("id"))
        return new


@dataclass(slots=True)
class Terminal:
    """What was said last decides what a typed number means."""

    console: Console
    choices: list[str] = field(default_factory=list)
    own: set[str] = field(default_factory=set)
    answers: int = 0

    def show(self, activity: Mapping[str, Any]) -> None:
        """Print what somebody else said; our own words stand there already."""
        if activity.get("type") != "message" or activity.get("from", {}).get("role") == "user":
            return
        self.answers += 1
        sender = activity["from"].get("name") or "Desk"
        notice = activity.get("channelData", {}).get("nightdesk:kind") == "notice"
        self.console.print()
        self.console.print(Text(plain(sender), style="dim" if notice else "bold cyan"))
        self.console.print(Group(*self._parts(activity)))

    def meaning(self, typed: str) -> str:
        """The suggested answer a number stands for, or what was typed."""
        number = int(typed) if typed.isdecimal() and len(typed) < 3 else 0
        return self.choices[number - 1] if 1 <= number <= len(self.choices) else typed

    def _parts(self, activity: Mapping[str, Any]) -> list[RenderableType]:
        parts: list[RenderableType] = []
        if text := activity.get("text"):
            parts.append(Markdown(plain(text)))
        for attachment in activity.get("attachments", ()):
            if attachment.get("contentType") == CARD:
                parts.extend(card(attachment["content"]))
            else:
                parts.append(Text(plain(f"{attachment.get('name', 'file')}: {attachment.get('contentUrl', '')}")))
        actions = activity.get("suggestedActions", {}).get("actions", [])
        self.choices = [str(action.get("value") or action.get("title")) for action in actions]
        for number, action in enumerate(actions, 1):
            parts.append(Text(f"  {number}  {plain(str(action.get('title')))}", style="green"))
        return parts


def card(content: Mapping[str, Any]) -> list[RenderableType]:
    """An Adaptive Card as lines: texts, facts, and what its form asks for."""
    parts: list[RenderableType] = []
    for block in content.get("body", ()):
        if block.get("type") == "TextBlock":
            parts.append(Text(plain(block["text"]), style="bold" if block.get("weight") == "bolder" else ""))
        elif block.get("type") == "FactSet":
            parts.append(_facts(block["facts"]))
        elif str(block.get("type")).startswith("Input."):
            parts.append(Text(f"  {plain(block.get('label', ''))}: ...", style="dim"))
    links = [action for action in content.get("actions", ()) if action.get("type") == "Action.OpenUrl"]
    parts.extend(Text(plain(f"{link['title']}: {link['url']}"), style="blue") for link in links)
    return parts


def plain(text: str) -> str:
    """Without control characters: what somebody else wrote must not steer this terminal."""
    return "".join(sign for sign in text if sign in "\n\t" or not (ord(sign) < 32 or 127 <= ord(sign) < 160))


def _facts(facts: Sequence[Mapping[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for fact in facts:
        table.add_row(Text(plain(fact["title"]), style="dim"), Text(plain(fact["value"])))
    return table


async def chat(base: str, site: str, console: Console) -> None:
    """Talk until the input ends.

    Raises:
        ChatRefused: the desk does not let us in.
        aiohttp.ClientError, TimeoutError: there is no desk at that address.
    """
    terminal = Terminal(console)
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        line = Line(session, base.rstrip("/"), site)
        stream = await line.open()
        ways = (_speak(line, terminal), _listen(line, stream, terminal), line.keep_token())
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(line: Line, stream: str, terminal: Terminal) -> None:
    async for activity in line.activities(stream):
        terminal.show(activity)


async def _speak(line: Line, terminal: Terminal) -> None:
    typed = _typed_lines()
    piped = not sys.stdin.isatty()
    await _until_answered(terminal, 0)
    while (words := await typed.get()) is not None:
        if words.strip():
            before = terminal.answers
            await line.say(terminal.meaning(words.strip()))
            if piped:
                await _until_answered(terminal, before)


async def _until_answered(terminal: Terminal, before: int) -> None:
    """Wait for a first answer, then until nothing more comes."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWER_WITHIN_S
    quiet_since, seen = loop.time(), terminal.answers
    while loop.time() < deadline and (terminal.answers == before or loop.time() - quiet_since < QUIET_S):
        await asyncio.sleep(0.05)
        if terminal.answers != seen:
            quiet_since, seen = loop.time(), terminal.answers


def _typed_lines() -> "asyncio.Queue[str | None]":
    """Lines of standard input, then None; read by a thread, because a terminal cannot be awaited."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        for words in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, words)
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return lines
