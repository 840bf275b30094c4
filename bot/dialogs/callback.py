"""Call me back: a number, a reason, a time, and then a case with that promise.

Where the department keeps appointments, the times offered are those at which somebody is free, and one is booked.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.dialogs.desk import BOT, Desk
from bot.dialogs.report_problem import subject_of
from bot.dialogs.steps import Ask, Done, Next, Slots, dialog
from bot.understanding import Intent, Understanding
from caseengine.operations.calling import book_callback
from caseengine.operations.opening import Opening, open_case, would_need
from caseengine.reading.callbacks import CallbackSlot, free_slots
from caseengine.routing_rules import routing_rules

WISH_WORDS_MAX = 10
OFFERS = ("callback.slots_1", "callback.slots_2", "callback.slots_3")
ORDINALS = ("choice.first_time", "choice.second_time", "choice.third_time")


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


async def take_slot(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """One of the times offered; another wish asks anew from then on; "any time" leaves it to the desk."""
    offered = slots.get("offered", [])
    if desk.pressed in ORDINALS[: len(offered)]:
        slots["slot"] = offered[ORDINALS.index(desk.pressed)]
    elif len(offered) == 1 and said.intent == Intent.AFFIRM:
        slots["slot"] = offered[0]
    elif desk.pressed == "choice.any_time" or said.intent == Intent.DENY:
        slots["slot"], slots["window"], slots["window_said"] = "", "any_time", "@choice.any_time"
    else:
        take(said, slots)
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
    if not slots.get("window") and not await _keeps_appointments(desk):
        return Ask("callback.window", "take_window", choices=("choice.any_time",), expecting="time_window")
    if not slots.get("reason"):
        return Ask("callback.reason", "take_reason", expecting="description")
    if "slot" not in slots and (offer := await _offer(slots, desk)) is not None:
        return offer
    if not slots.get("slot") and not slots.get("window"):
        return Ask("callback.window", "take_window", choices=("choice.any_time",), expecting="time_window")
    return await book(slots, desk)


async def _keeps_appointments(desk: Desk, department: str = "") -> bool:
    _, policy = await routing_rules(desk.work)
    asked = [policy.of(department)] if department else [policy.default, *policy.departments.values()]
    return any(one.callbacks for one in asked)


async def _offer(slots: Slots, desk: Desk) -> Ask | None:
    """The next times at which somebody of the department is free, from the time they wished for; None without any."""
    if not await _keeps_appointments(desk, slots["department"]):
        return None
    _, policy = await routing_rules(desk.work)
    many = min(policy.callbacks.offered, len(OFFERS))
    free = await _free(slots, desk, since=_wished(slots.get("window")), limit=many)
    if not free:
        return None
    slots["offered"] = [slot.starts_at.isoformat() for slot in free]
    times = {name: slot.starts_at for name, slot in zip(("first", "second", "third"), free, strict=False)}
    choices = (*ORDINALS[: len(free)], "choice.any_time")
    return Ask(OFFERS[len(free) - 1], "take_slot", times, choices=choices, expecting="time_window")


def _wished(window: str | None) -> datetime | None:
    """When the window they named begins, if it is one."""
    try:
        begins = datetime.fromisoformat((window or "").split("/")[0])
    except ValueError:
        return None
    return begins if begins.tzinfo is not None else None


async def book(slots: Slots, desk: Desk) -> Next:
    """A callback is a service request with a number and a time in it; a time taken meanwhile is offered anew."""
    starts_at = datetime.fromisoformat(slots["slot"]) if slots.get("slot") else None
    if starts_at is not None and not await _still_free(slots, desk, starts_at):
        del slots["slot"]
        return await next_question(slots, desk)
    wish = {} if starts_at else {"callback": slots["window"], "callback_said": slots["window_said"]}
    case = await open_case(desk.work, _opening(slots, desk, wish), by=desk.customer, at=desk.at)
    if starts_at is not None:
        await book_callback(desk.work, case, starts_at, by=BOT, at=desk.at)
        return Done("callback.booked", {"number": case.number, "phone": slots["phone_shown"], "starts_at": starts_at})
    params = {"number": case.number, "phone": slots["phone_shown"], "window": slots["window_said"]}
    return Done("callback.done", {**params, "next_update": case.due_at})


async def _still_free(slots: Slots, desk: Desk, starts_at: datetime) -> bool:
    free = await _free(slots, desk, since=starts_at, limit=1)
    return bool(free) and free[0].starts_at == starts_at


async def _free(slots: Slots, desk: Desk, *, since: datetime | None, limit: int) -> list[CallbackSlot]:
    """When somebody is free who can do what the case to be opened will need."""
    _, policy = await routing_rules(desk.work)
    needs = await would_need(desk.work, _opening(slots, desk), by=desk.customer, at=desk.at)
    return await free_slots(
        desk.work,
        slots["department"],
        policy,
        needs=needs,
        channel=desk.conversation.channel,
        at=desk.at,
        since=since,
        limit=limit,
    )


def _opening(slots: Slots, desk: Desk, wish: Mapping[str, str] | None = None) -> Opening:
    """`wish`: when they would like to be called, where no time is booked."""
    return Opening(
        subject=subject_of(slots["reason"]),
        description=slots["reason"],
        department=slots["department"],
        conversation=desk.conversation.id,
        contact_id=desk.assurance.contact_id,
        claimed={"phone": slots["phone"], **(wish or {})},
        case_type="service_request",
    )


CALLBACK = dialog("callback", 2, start, take_phone, take_window, take_reason, take_slot)
