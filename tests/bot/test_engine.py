"""How dialogs are walked, on dialogs of two or three steps made for the test."""

from types import SimpleNamespace
from typing import cast

import pytest

from bot.dialogs.desk import Desk
from bot.dialogs.engine import TRIES_MAX, DialogLoop, Walk
from bot.dialogs.state import DialogState, Frame
from bot.dialogs.steps import Ask, Call, Dialog, Done, Goto, HandOver, Line, Next, Say, Slots, dialog
from bot.understanding import Intent, Understanding

NOBODY = cast("Desk", SimpleNamespace(shared=False, pressed="", proved_as=""))


def said(
    text: str, intent: Intent = Intent.SOMETHING_ELSE, confidence: float = 0.9, question: bool = False
) -> Understanding:
    return Understanding(text, intent, confidence, question=question)


async def ask_colour(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    return Ask("colour", "take_colour")


async def take_colour(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    if heard.text not in ("red", "blue"):
        return Ask("colour_unclear", "take_colour")
    slots["colour"] = heard.text
    return Ask("size", "take_size")


async def take_size(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    return Done("chosen", {"colour": slots["colour"], "size": heard.text})


async def call_colours(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    return Call("colours", "after_colours")


async def after_colours(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    return Done("after")


async def loop(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    return Goto("loop")


async def say_twice(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    return Say(Line("first"), "second")


async def second(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    assert heard.text == ""  # what was heard is not heard again
    return Done("second")


async def give_up(heard: Understanding, slots: Slots, desk: Desk) -> Next:
    return HandOver("because")


COLOURS = dialog("colours", 1, ask_colour, take_colour, take_size)
DIALOGS: dict[str, Dialog] = {
    one.name: one
    for one in (
        COLOURS,
        dialog("dispatch", 1, ask_colour, take_colour, take_size),
        dialog("caller", 1, call_colours, after_colours),
        dialog("loop", 1, loop),
        dialog("twice", 1, say_twice, second),
        dialog("give_up", 1, give_up),
        dialog("aside", 1, after_colours),
    )
}


async def turn(state: DialogState, heard: Understanding) -> list[str]:
    walk = Walk(DIALOGS, state, NOBODY)
    await walk.hear(heard)
    return [line.key for line in walk.lines] + ([walk.handover] if walk.handover else [])


async def begin(name: str, state: DialogState) -> list[str]:
    walk = Walk(DIALOGS, state, NOBODY)
    await walk.begin(name, {}, said("go"))
    return [line.key for line in walk.lines] + ([walk.handover] if walk.handover else [])


async def test_a_dialog_is_walked_by_its_steps() -> None:
    state = DialogState()
    assert await begin("colours", state) == ["colour"]
    assert await turn(state, said("red")) == ["size"]
    assert await turn(state, said("large")) == ["chosen"]
    assert state.frames == []


async def test_the_caller_goes_on_when_the_called_one_is_done() -> None:
    state = DialogState()
    assert await begin("caller", state) == ["colour"]
    await turn(state, said("red"))

    assert await turn(state, said("large")) == ["chosen", "after"]


async def test_going_back_restores_question_and_slots() -> None:
    state = DialogState()
    await begin("colours", state)
    await turn(state, said("red"))

    assert await turn(state, said("go back", Intent.GO_BACK, 1.0)) == ["colour"]
    assert state.top is not None
    assert state.top.slots == {}
    assert await turn(state, said("blue")) == ["size"]


async def test_going_back_at_the_first_question_asks_it_again() -> None:
    state = DialogState()
    await begin("colours", state)

    assert await turn(state, said("go back", Intent.GO_BACK, 1.0)) == ["go_back.first", "colour"]


async def test_the_same_question_comes_twice_then_a_person_is_offered_then_one_comes() -> None:
    state = DialogState()
    await begin("colours", state)
    heard = [await turn(state, said("green")) for _ in range(TRIES_MAX + 1)]

    assert heard == [["colour_unclear"], ["fallback.offer_person"], ["not_understood"]]


async def test_after_the_offer_a_good_answer_still_counts() -> None:
    state = DialogState()
    await begin("colours", state)
    await turn(state, said("green"))
    await turn(state, said("green"))

    assert await turn(state, said("red")) == ["size"]


async def test_a_question_in_between_is_answered_and_the_open_one_asked_again() -> None:
    state = DialogState()
    await begin("colours", state)

    heard = await turn(state, said("How long does it take?", Intent.ASK_QUESTION, question=True))

    assert heard == ["after", "form.resume", "colour"]


async def test_dialogs_that_chase_each_other_are_a_fault_not_a_hang() -> None:
    with pytest.raises(DialogLoop):
        await begin("loop", DialogState())


async def test_one_step_may_say_and_go_on() -> None:
    assert await begin("twice", DialogState()) == ["first", "second"]


async def test_a_handover_ends_whatever_was_in_progress() -> None:
    state = DialogState()
    await begin("colours", state)

    assert await begin("give_up", state) == ["because"]
    assert state.frames == []


async def test_a_release_that_renamed_a_step_goes_on_at_the_first_one_with_the_slots() -> None:
    state = DialogState(frames=[Frame("colours", 0, "an_old_step", {"colour": "red"}, Ask("old", "an_old_step"))])

    assert await turn(state, said("anything")) == ["colour"]
    assert state.top is not None
    assert state.top.slots == {"colour": "red"}


async def test_a_release_that_took_a_dialog_away_goes_on_without_it() -> None:
    state = DialogState(frames=[Frame("gone", 1, "somewhere", {}, Ask("old", "somewhere"))])

    assert await turn(state, said("hello")) == ["colour"]  # as if nothing had been in progress


async def test_where_a_conversation_stands_survives_as_json() -> None:
    state = DialogState()
    await begin("colours", state)
    await turn(state, said("red"))
    frame = state.frames[0]

    assert Frame.from_json(frame.to_json()) == frame
