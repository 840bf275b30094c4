"""Walks the dialogs: which step hears this message, what interrupts it, and where the conversation then stands.

It never loops: a turn passes through a bounded number of steps, a question is asked at most `TRIES_MAX` times in a row,
and whoever is not understood twice is offered a case or a person.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from bot.dialogs.choices import OF_A_CASE, START_CHOICES
from bot.dialogs.commands import command_of, interrupts
from bot.dialogs.desk import Desk
from bot.dialogs.state import DialogState, Frame
from bot.dialogs.steps import Ask, Call, Dialog, Done, Goto, HandOver, Line, Next, Say, Slots, Step
from bot.understanding import Intent, Understanding

TRIES_MAX = 2
"""How often the same thing is asked before a person is offered."""
CIRCLES_MAX = 3
"""How often the conversation may come back to the same place before a person is called; offered once before."""
SEEN_MAX = 12
SMALL_TALK = ("greet.", "thanks.", "about.", "farewell.")
ACHIEVED = frozenset(
    (
        "report.opened",
        "report.opened_unreachable",
        "report.opened_many",
        "add.done",
        "answer.glad",
        "callback.done",
        "close.done",
        "details.done",
        "identify.done",
        "identify.case_proved",
        "reopen.done",
        "resolved.closed",
    )
)
"""After these the conversation has moved on, and coming to a place again is no circle."""
PRIVATE = frozenset(("identify", "status", "change_details", "close_case", "reopen_case"))
"""What tells of a person or takes a proof of who they are: only where nobody else reads along."""
STEPS_MAX = 16
"""Steps of one turn; more is a fault in a dialog."""


class DialogLoop(Exception):
    """A fault: dialogs called each other without end."""


class Walk:
    """One turn through the dialogs; collects what is said on the way."""

    def __init__(self, dialogs: Mapping[str, Dialog], state: DialogState, desk: Desk) -> None:
        self._dialogs = dialogs
        self._state = state
        self._desk = desk
        self._steps = 0
        # A release may have taken a dialog away; what it was in the middle of is dropped, the rest goes on.
        state.frames = [frame for frame in state.frames if frame.dialog in dialogs]
        self.lines: list[Line] = []
        self.handover: str | None = None
        self.told: Slots = {}

    async def hear(self, said: Understanding) -> None:
        """Handle one message."""
        if self._expired() and self._is_mere_answer(said):
            self.lines.append(Line("identify.expired", choices=("choice.prove", "choice.person")))
            return
        await self._hear(said)
        self._notice_circles()

    async def _hear(self, said: Understanding) -> None:
        top = self._state.top
        if (command := command_of(said, expecting=self._state.expecting)) is not None:
            self._command(command)
        elif top is None:
            await self.begin("dispatch", {}, said)
        elif top.tries > TRIES_MAX and said.intent == Intent.DENY:
            self._command("cancel")
        elif (goal := self._interruption(top, said)) is not None:
            await self.begin(goal, {}, said)
            self._resume()
        elif self._is_private(top.dialog):
            self._state.frames.remove(top)
            self._not_here()
            self._resume()
        else:
            await self._step(top, said)

    def _interruption(self, top: Frame, said: Understanding) -> str | None:
        """The dialog that hears this first; one that is in progress already is not begun again."""
        if self._desk.pressed == "choice.prove":
            goal: str | None = "identify"
        elif self._desk.pressed in OF_A_CASE and said.entity("case_number") is not None:
            goal = "dispatch"
        else:
            goal = interrupts(said, expecting=self._state.expecting, dialog=top.dialog)
        in_progress = {frame.dialog for frame in self._state.frames}
        return None if goal in in_progress else goal

    def _expired(self) -> bool:
        """Drop what was asked of somebody whose proof is over; true when there was such a thing."""
        now = self._desk.proved_as
        gone = [frame for frame in self._state.frames if frame.proved_as not in ("", now)]
        if gone:
            self._state.frames.clear()
        return bool(gone)

    def _is_mere_answer(self, said: Understanding) -> bool:
        """It makes sense only to the question that is gone."""
        return said.intent in (Intent.AFFIRM, Intent.DENY, Intent.SOMETHING_ELSE, Intent.GO_BACK)

    def _notice_circles(self) -> None:
        """Whoever comes to the same place again and again gets a person, offered first, then called."""
        if self.handover is not None or not self.lines or self.lines[-1].key.startswith(SMALL_TALK):
            return
        if any(line.key in ACHIEVED for line in self.lines):
            self._state.seen, self._state.lost = [], 0
            return
        place = self._place()
        again = self._state.seen.count(place)
        self._state.seen = [*self._state.seen, place][-SEEN_MAX:]
        if again >= CIRCLES_MAX:
            self._hand_over("going_in_circles")
        elif again == CIRCLES_MAX - 1 and "choice.person" not in self.lines[-1].choices:
            self.lines.append(Line("fallback.offer_person", choices=("choice.person", "choice.start_over")))

    def _place(self) -> str:
        """Where the conversation stands: the last words, and what the dialog on top remembers."""
        top = self._state.top
        told = [self.lines[-1].key, dict(self.lines[-1].params), top.slots if top else {}]
        return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()[:16]

    async def begin(self, dialog: str, slots: Slots, said: Understanding) -> None:
        """Put a dialog on top and let it hear the message; where others read along, not every dialog."""
        if self._is_private(dialog):
            self._not_here()
            return
        chosen = self._dialogs[dialog]
        frame = Frame(chosen.name, chosen.version, chosen.first, dict(slots))
        self._state.frames.append(frame)
        await self._step(frame, said)

    def _is_private(self, dialog: str) -> bool:
        return self._desk.shared and dialog in PRIVATE

    def _not_here(self) -> None:
        """Said once, and whoever called for it is done with; a question that was open stays."""
        while (top := self._state.top) is not None and top.ask is None:
            self._state.frames.remove(top)
        self.lines.append(Line("shared.own_chat", choices=("choice.report", "choice.person")))

    async def _step(self, frame: Frame, said: Understanding) -> None:
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise DialogLoop(frame.dialog)
        step = self._known_step(frame)
        await self._follow(frame, await step(said, frame.slots, self._desk), said)

    def _known_step(self, frame: Frame) -> Step:
        """The step the frame is at; of an older release, the first one, with the slots it has."""
        dialog = self._dialogs[frame.dialog]
        if frame.version != dialog.version or frame.step not in dialog.steps:
            frame.version, frame.step, frame.ask, frame.back = dialog.version, dialog.first, None, []
        return dialog.steps[frame.step]

    async def _follow(self, frame: Frame, then: Next, said: Understanding) -> None:
        if isinstance(then, Ask):
            self._ask(frame, then)
        elif isinstance(then, Say):
            self.lines.append(then.line)
            frame.step = then.step
            await self._step(frame, blank(said))
        elif isinstance(then, Call):
            frame.step, frame.ask = then.step, None
            await self.begin(then.dialog, then.slots, blank(said) if then.slots.get("fresh") else said)
        elif isinstance(then, Goto):
            self._state.frames.remove(frame)
            self.lines += [then.line] if then.line else []
            await self.begin(then.dialog, then.slots, said)
        elif isinstance(then, HandOver):
            self._hand_over(then.reason)
        else:
            await self._done(frame, then, said)

    def _ask(self, frame: Frame, ask: Ask) -> None:
        if ask.counted and frame.ask is not None and frame.ask.step == ask.step and frame.tries >= TRIES_MAX:
            self._offer_person(frame)
            return
        frame.wait(ask)
        frame.proved_as = self._desk.proved_as
        self.lines += [*ask.before, ask.line]

    def _offer_person(self, frame: Frame) -> None:
        """The same thing was not understood twice: a person is one press away, and the question stays open."""
        if frame.tries > TRIES_MAX:
            self._hand_over("not_understood")
            return
        frame.tries += 1
        self.lines.append(Line("fallback.offer_person", choices=("choice.person", "choice.start_over")))

    async def _done(self, frame: Frame, done: Done, said: Understanding) -> None:
        self.lines += [*done.before, *([done.line] if done.line else [])]
        if frame in self._state.frames:
            self._state.frames.remove(frame)
        below = self._state.top
        if below is not None and below.ask is None and self.handover is None:
            await self._step(below, blank(said))
        else:
            self._resume()

    def _resume(self) -> None:
        """The interruption is over: the question that was open is asked once more."""
        top = self._state.top
        if self.handover is not None or top is None or top.ask is None:
            return
        if not self.lines or self.lines[-1] != top.ask.line:
            self.lines += [Line("form.resume"), top.ask.line]

    def _command(self, command: str) -> None:
        if command == "go_back":
            self._go_back()
        elif command == "talk_to_person":
            self._hand_over("asked_for_person")
        else:
            had = bool(self._state.frames)
            self._state.frames.clear()
            self.lines.append(Line(f"{command}.{'done' if had else 'nothing'}", choices=START_CHOICES))

    def _hand_over(self, reason: str) -> None:
        """A person takes over, with whatever the dialogs in progress had been told."""
        for frame in self._state.frames:
            self.told |= frame.slots
        self._state.frames.clear()
        self.handover = reason

    def _go_back(self) -> None:
        top = self._state.top
        earlier = top.go_back() if top else None
        if earlier is not None:
            self.lines.append(earlier.line)
        elif top is not None and top.ask is not None:
            self.lines += [Line("go_back.first"), top.ask.line]
        else:
            self.lines.append(Line("go_back.nothing", choices=START_CHOICES))


def blank(said: Understanding) -> Understanding:
    """The same message, already heard: nothing of it is taken a second time."""
    return replace(
        said, text="", intent=Intent.SOMETHING_ELSE, confidence=0.0, entities=(), problems=(), question=False
    )
