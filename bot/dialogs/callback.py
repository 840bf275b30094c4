"""Call me back: a number, a time, a reason, and then a case with that promise."""

from bot.dialogs.desk import Desk
from bot.dialogs.report_problem import subject_of
from bot.dialogs.steps import Ask, Done, Next, Slots, dialog
from bot.understanding import Intent, Understanding
from caseengine.operations.opening import Opening, open_case

WISH_WORDS_MAX = 10


async def start(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Take number, time and reason when the first message has them."""
    take(said, slots)
    if len(said.text.split()) > WISH_WORDS_MAX and said.department is not None:
        slots["reason"], slots["department"] = said.text, said.department
    return await next_question(slots, desk)


async def take_phone(said: Understanding, slots: Slots, desk: Desk) -> Next:
    take(said, slots)
    if not slots.get("phone"):
        return Ask("callback.phone_unclear", "take_phone", expecting="phone")
    return await next_question(slots, desk)


async def take_window(said: Understanding, slots: Slots, desk: Desk) -> Next:
    take(said, slots)
    if not slots.get("window") and (said.intent == Intent.DENY or desk.pressed == "choice.any_time"):
        slots["window"], slots["window_said"] = "any_time", "@choice.any_time"
    elif not slots.get("window"):
        if said.question or not any(letter.isalnum() for letter in said.text):
            return Ask("callback.window", "take_window", choices=("choice.any_time",), expecting="time_window")
        slots["window"] = slots["window_said"] = said.text
    return await next_question(slots, desk)


async def take_reason(said: Understanding, slots: Slots, desk: Desk) -> Next:
    slots["reason"] = said.text
    slots["department"] = said.department or desk.fallback_department
    return await next_question(slots, desk)


def take(said: Understanding, slots: Slots) -> None:
    """Number and time, as far as this message tells them."""
    if (phone := said.entity("phone")) is not None and phone.value:
        slots["phone"], slots["phone_shown"] = phone.value, phone.shown or phone.value
    if (window := said.entity("time_window")) is not None and window.value:
        slots["window"], slots["window_said"] = window.value, window.said


async def next_question(slots: Slots, desk: Desk) -> Next:
    if not slots.get("phone"):
        return Ask("callback.phone", "take_phone", expecting="phone")
    if not slots.get("window"):
        return Ask("callback.window", "take_window", choices=("choice.any_time",), expecting="time_window")
    if not slots.get("reason"):
        return Ask("callback.reason", "take_reason", expecting="description")
    return await book(slots, desk)


async def book(slots: Slots, desk: Desk) -> Next:
    """A callback is a service request with a number and a time in it."""
    opening = Opening(
        subject=subject_of(slots["reason"]),
        description=slots["reason"],
        department=slots["department"],
        conversation=desk.conversation.id,
        contact_id=desk.assurance.contact_id,
        claimed={"phone": slots["phone"], "callback": slots["window"], "callback_said": slots["window_said"]},
        case_type="service_request",
    )
    case = await open_case(desk.work, opening, by=desk.customer, at=desk.at)
    params = {"number": case.number, "phone": slots["phone_shown"], "window": slots["window_said"]}
    return Done("callback.done", {**params, "next_update": case.due_at})


CALLBACK = dialog("callback", 1, start, take_phone, take_window, take_reason)
