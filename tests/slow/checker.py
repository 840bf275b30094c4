"""The invariants, checked over the desk's database and over what its customers saw.

I1 no acknowledged input missing, I2 none answered twice, I3 no second case for one key, I4 order within a conversation,
I5 every event has its outbox rows, I6 the live view equals a reload, I7 the database is sound.
"""

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from storage.sqlite import driver
from tests.slow.customers import Talk

NUMBERS = re.compile(r"\d+")
"""The key of a bubble names its turn and its place among the bubbles of that turn."""


@dataclass(slots=True)
class Found:
    """What was looked at, and every breach."""

    conversations: int = 0
    acknowledged: int = 0
    inputs: int = 0
    activities: int = 0
    cases: int = 0
    events: int = 0
    breaches: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """One activity of the log."""

    seq: int
    key: str
    body: dict[str, Any]

    @property
    def answers(self) -> str:
        return str(self.body.get("reply_to", ""))

    @property
    def by_customer(self) -> bool:
        return bool(self.body["sender"]["role"] == "customer")


class Checker:
    """Reads the database of a desk at rest."""

    def __init__(self, database: Path, since: datetime) -> None:
        self._since = since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # the demo's past is not published: nobody saw it happen
        self._connection = driver().connect(f"file:{database}?mode=ro", uri=True)
        self.found = Found()

    def close(self) -> None:
        self._connection.close()

    def waiting(self) -> int:
        """Inputs and deliveries that are not done yet."""
        inputs = self._one("SELECT count(*) FROM inbox WHERE state = 'pending'")
        return inputs + self._one("SELECT count(*) FROM outbox WHERE state = 'pending'")

    def check(self, talks: list[Talk]) -> Found:
        """Everything; the breaches are in words."""
        inbox = self._inbox()
        for talk in talks:
            log = self._log(talk.id)
            self._check_inputs(talk, log, inbox[talk.id])
            self._check_answers(talk, log, inbox[talk.id])
            self._check_order(talk, log, inbox[talk.id])
            self._check_cases(talk)
            self._check_view(talk, log)
        self._check_all_done()
        self._check_outbox()
        self._check_soundness()
        self.found.conversations = len(talks)
        return self.found

    def _check_inputs(self, talk: Talk, log: list[Line], rows: dict[str, tuple[int, str]]) -> None:
        """I1: what was acknowledged is kept, handled, and stands where the acknowledgement said."""
        places = {line.key: line.seq for line in log}
        for said in talk.said:
            if not said.id:
                continue
            self.found.acknowledged += 1
            if rows.get(said.key, (0, ""))[1] != "done":
                self._breach("I1", talk, f"{said.key} was acknowledged and is {rows.get(said.key)}")
            if places.get(said.key) != int(said.id.partition("|")[2]):
                self._breach(
                    "I1", talk, f"{said.key} was acknowledged as {said.id} and stands at {places.get(said.key)}"
                )

    def _check_answers(self, talk: Talk, log: list[Line], rows: dict[str, tuple[int, str]]) -> None:
        """I2: each input once in the log, and all answers to it come from its one turn, each bubble once."""
        for key, times in Counter(line.key for line in log).items():
            if times > 1:
                self._breach("I2", talk, f"{key} is in the log {times} times")
        for key, (row, _) in rows.items():
            bubbles = [line.key for line in log if line.answers == key]
            if [NUMBERS.findall(bubble) for bubble in bubbles] != [[str(row), str(n)] for n in range(len(bubbles))]:
                self._breach("I2", talk, f"{key} of turn {row} was answered by {bubbles}")
            if not bubbles and key not in {said.key for said in talk.said if said.to_people}:
                self._breach("I2", talk, f"{key} of turn {row} was not answered")

    def _check_order(self, talk: Talk, log: list[Line], rows: dict[str, tuple[int, str]]) -> None:
        """I4: the log has the customer's words in the order they were said, and answers in the order of their turns."""
        if [line.key for line in log if line.by_customer] != [said.key for said in talk.said]:
            self._breach("I4", talk, "the log has another order than the customer")
        turns = [rows[line.answers][0] for line in log if line.answers in rows]
        if turns != sorted(turns):
            self._breach("I4", talk, f"answers out of order: {turns}")
        if [line.seq for line in log] != list(range(1, len(log) + 1)):
            self._breach("I4", talk, "the log has a gap")

    def _check_cases(self, talk: Talk) -> None:
        """I3: as many cases as were asked for, each with one opening."""
        events = "(SELECT count(*) FROM case_events e WHERE e.case_id = c.id AND e.kind = '{}')"
        rows = self._all(
            f"SELECT c.number, {events.format('CaseOpened')}, {events.format('CustomerWrote')}"
            " FROM cases c JOIN case_conversations o ON o.case_id = c.id AND o.opened WHERE o.conversation_id = ?",
            UUID(talk.id).hex,
        )
        self.found.cases += len(rows)
        asked = sum(said.opens_case for said in talk.said)
        if len(rows) != asked or any(opened != 1 for _, opened, _ in rows):
            self._breach("I3", talk, f"{asked} cases were asked for, {rows} are there")
        if sum(wrote for _, _, wrote in rows) != sum(said.to_people for said in talk.said):
            self._breach("I1", talk, f"words for people are not on the case, or twice: {rows}")

    def _check_view(self, talk: Talk, log: list[Line]) -> None:
        """I6: what came over the sockets until the customer left is the log, nothing twice and nothing missing."""
        shown = [int(one["id"].partition("|")[2]) for one in talk.seen]
        if shown != [line.seq for line in log[: len(shown)]]:
            self._breach("I6", talk, f"the customer saw {shown} of {len(log)}")
        texts = [one.get("text", "") for one in talk.seen]
        if texts != [line.body.get("text", "") for line in log[: len(shown)]] or not talk.equals_reload:
            self._breach("I6", talk, "the customer saw something else than a reload showed")

    def _check_all_done(self) -> None:
        for table in ("inbox", "outbox"):
            for state, number in self._all(f"SELECT state, count(*) FROM {table} GROUP BY state"):
                if state not in ("done", "published"):
                    self._breach("I1", None, f"{number} rows of the {table} are {state}")
        self.found.inputs = self._one("SELECT count(*) FROM inbox")

    def _check_outbox(self) -> None:
        """I5: each event is published once, each line of the bot is delivered once."""
        events = Counter(self._all("SELECT case_id, kind FROM case_events WHERE at >= ?", self._since))
        published: Counter[tuple[str, str]] = Counter()
        delivered: Counter[tuple[str, str]] = Counter()
        for topic, payload in self._all("SELECT topic, payload FROM outbox WHERE emitted_at >= ?", self._since):
            document = json.loads(payload)
            if topic == "event" and document.get("case_id"):
                published[UUID(document["case_id"]).hex, document["kind"]] += 1
            elif topic == "deliver":
                delivered[UUID(document["conversation"]).hex, document["key"]] += 1
        self.found.events = events.total()
        if missing := events - published:
            self._breach("I5", None, f"events without outbox rows: {missing}")
        if doubled := published - events:
            self._breach("I5", None, f"outbox rows without events: {doubled}")
        rows = self._all("SELECT conversation_id, key, body FROM activities")
        self.found.activities = len(rows)
        spoken = Counter((talk, key) for talk, key, body in rows if json.loads(body)["sender"]["role"] != "customer")
        if spoken != delivered:
            self._breach("I5", None, f"deliveries differ from what was said: {spoken - delivered} {delivered - spoken}")

    def _check_soundness(self) -> None:
        """I7."""
        if self._all("PRAGMA integrity_check") != [("ok",)] or self._all("PRAGMA foreign_key_check"):
            self._breach("I7", None, "the database is damaged")

    def _inbox(self) -> dict[str, dict[str, tuple[int, str]]]:
        rows: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        for id_, stream, key, state in self._all("SELECT id, stream, key, state FROM inbox"):
            rows[stream][key] = (id_, state)
        return rows

    def _log(self, conversation: str) -> list[Line]:
        rows = self._all(
            "SELECT seq, key, body FROM activities WHERE conversation_id = ? ORDER BY seq", UUID(conversation).hex
        )
        return [Line(seq, key, json.loads(body)) for seq, key, body in rows]

    def _breach(self, invariant: str, talk: Talk | None, what: str) -> None:
        self.found.breaches.append(f"{invariant} {talk.id if talk else ''} {what}"[:400])

    def _all(self, sql: str, *parameters: Any) -> list[Any]:
        return list(self._connection.execute(sql, parameters).fetchall())

    def _one(self, sql: str) -> int:
        return int(self._all(sql)[0][0])
