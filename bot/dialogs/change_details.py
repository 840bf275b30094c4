"""A new name, telephone number or e-mail: for somebody who has proved who they are."""

from bot.dialogs.desk import Desk
from bot.dialogs.steps import Ask, Call, Done, Goto, Next, Slots, dialog
from bot.understanding import Intent, Understanding
from customers.assurance import Level
from customers.codes import OneTimeCodes
from customers.contacts import Contacts
from customers.errors import CodeExpired, CodeUsedUp, CodeWrong, IdentityInvalid, TooManyCodes

FIELDS = ("email", "phone", "name")
SOURCE = "web chat"


async def start(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Proof first; then what is new."""
    for field in FIELDS:
        if (found := said.entity(field)) is not None and found.value:
            slots[field], slots[f"{field}_shown"] = found.value, found.shown or found.value
    if desk.assurance.level < Level.VERIFIED or desk.assurance.contact_id is None:
        if slots.get("asked"):
            return Goto("report_problem", {"description": desk.said})
        slots["asked"] = True
        return Call("identify", "after_proof", {"fresh": True})
    return next_question(slots)


async def after_proof(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """The proof failed or it did not: without it a colleague has to make the change."""
    if desk.assurance.level < Level.VERIFIED or desk.assurance.contact_id is None:
        return Done("details.not_proved", choices=("choice.report", "choice.person"))
    return next_question(slots)


async def take_new(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """What is new, typed plainly."""
    for field in FIELDS:
        if (found := said.entity(field)) is not None and found.value:
            slots[field], slots[f"{field}_shown"] = found.value, found.shown or found.value
    return next_question(slots)


def next_question(slots: Slots) -> Next:
    given = [field for field in FIELDS if slots.get(field)]
    if not given:
        return Ask("details.what", "take_new", expecting="details")
    shown = ", ".join(slots[f"{field}_shown"] for field in given)
    return Ask("details.confirm", "take_yes", {"shown": shown}, ("choice.yes", "choice.no"), expecting="yes_no")


async def take_yes(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Only a clear yes changes anything."""
    if said.intent == Intent.DENY:
        return Done("details.kept")
    if said.intent != Intent.AFFIRM:
        return Ask("details.unclear", "take_yes", choices=("choice.yes", "choice.no"), expecting="yes_no")
    if desk.assurance.contact_id is None or desk.assurance.level < Level.VERIFIED:
        return Done("details.not_proved", choices=("choice.report", "choice.person"))
    contacts = Contacts(desk.work)
    contact = await contacts.get(desk.assurance.contact_id)
    new = {field: slots[field] for field in FIELDS if slots.get(field)}
    try:
        await contacts.change(contact, by=desk.customer, source=SOURCE, at=desk.at, **new)
    except IdentityInvalid:
        return Ask("details.invalid", "take_new", expecting="details")
    if not slots.get("email"):
        return Done("details.done")
    return Ask(
        "details.prove", "take_code", {"address": slots["email"]}, ("choice.send_code", "choice.no"), expecting="code"
    )


async def take_code(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """A new e-mail counts once a code sent to it came back."""
    typed = said.value("code")
    if typed is not None:
        return await check_code(typed, slots, desk)
    if said.intent == Intent.DENY:
        return Done("details.unproved", {"address": slots["email"]})
    if said.intent == Intent.AFFIRM or desk.pressed in ("choice.send_code", "choice.new_code") or said.wants.new_code:
        return await send_code(slots, desk)
    return Ask("identify.code_unclear", "take_code", choices=("choice.new_code",), expecting="code")


async def send_code(slots: Slots, desk: Desk) -> Next:
    codes = OneTimeCodes(desk.work, desk.secret)
    try:
        await codes.send_confirmation(
            desk.conversation.id, slots["email"], source=desk.source, language=desk.language, at=desk.at
        )
    except TooManyCodes:
        return Done("identify.too_many", choices=("choice.report", "choice.person"))
    return Ask("details.code", "take_code", {"address": slots["email"]}, ("choice.new_code",), expecting="code")


async def check_code(typed: str, slots: Slots, desk: Desk) -> Next:
    """It proves the address, and says nothing about who is speaking."""
    codes = OneTimeCodes(desk.work, desk.secret)
    try:
        await codes.check(desk.conversation.id, typed, at=desk.at, confirms=slots["email"])
    except CodeWrong as wrong:
        key = "identify.code_wrong_last" if wrong.tries_left == 1 else "identify.code_wrong"
        return Ask(key, "take_code", {"tries_left": wrong.tries_left}, expecting="code", counted=False)
    except (CodeExpired, CodeUsedUp):
        return Done("identify.used_up", choices=("choice.report", "choice.person"))
    return Done("details.done")


CHANGE_DETAILS = dialog("change_details", 1, start, after_proof, take_new, take_yes, take_code)
