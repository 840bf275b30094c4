"""Who are you? A claim, a code to the address on file, and then the proof holds for this conversation."""

from bot.dialogs.desk import BOT, Desk
from bot.dialogs.steps import Ask, Done, Goto, Next, Slots, dialog
from bot.understanding import Understanding
from caseengine.operations.linking import identify_customer
from customers.assurance import Assurances, Level
from customers.codes import OneTimeCodes
from customers.contacts import Contacts
from customers.errors import CodeExpired, CodeUsedUp, CodeWrong, IdentityInvalid, TooManyCodes
from customers.identities import IdentityKind, normalise


async def start(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Somebody already proved need not do it twice."""
    if desk.assurance.level >= Level.VERIFIED and await is_own(said, desk):
        return Done("identify.already")
    if said.entity("email") or said.entity("phone"):
        return await take_address(said, slots, desk)
    if claimed := desk.assurance.claimed.get("email"):
        slots["kind"], slots["address"] = "email", claimed
        return await send_code(slots, desk)
    return Ask("identify.address", "take_address", expecting="email")


async def is_own(said: Understanding, desk: Desk) -> bool:
    """No address, or one that is on file for whoever is known already."""
    given = said.value("email")
    if given is None or desk.assurance.contact_id is None:
        return True
    return given in (await Contacts(desk.work).get(desk.assurance.contact_id)).on_file(IdentityKind.EMAIL)


async def take_address(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """The code goes to the address on file; the words are the same when there is none."""
    for kind in ("email", "phone"):
        if (found := said.entity(kind)) is None or not found.value:
            continue
        try:
            address = normalise(kind, found.value)
        except IdentityInvalid:
            return Ask("identify.address_unclear", "take_address", expecting="email")
        slots["kind"], slots["address"] = kind, address
        return await send_code(slots, desk)
    return Ask("identify.address_unclear", "take_address", expecting="email")


async def send_code(slots: Slots, desk: Desk) -> Next:
    """Claim the address and send the code."""
    await Assurances(desk.work).claim(desk.conversation.id, slots["kind"], slots["address"], at=desk.at)
    try:
        await OneTimeCodes(desk.work, desk.secret).send(
            desk.conversation.id,
            slots["kind"],
            slots["address"],
            source=desk.source,
            language=desk.language,
            at=desk.at,
        )
    except TooManyCodes:
        return Done("identify.too_many", choices=("choice.report", "choice.person"))
    return Ask(
        "identify.code", "take_code", {"address": slots["address"]}, choices=("choice.new_code",), expecting="code"
    )


async def take_code(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Eight digits; a wrong one counts, a new one can be asked for, another address can be given."""
    typed = said.value("code")
    if typed is None and (said.entity("email") or said.entity("phone")):
        return await take_address(said, slots, desk)
    if typed is None and (desk.pressed == "choice.new_code" or said.wants.new_code):
        return await send_code(slots, desk)
    if typed is None:
        return Ask("identify.code_unclear", "take_code", choices=("choice.new_code",), expecting="code")
    outcome = await check(typed, desk)
    if isinstance(outcome, Done) and desk.proved and slots.get("then"):
        return Goto(slots["then"], {"asked": True}, outcome.line)
    return outcome


async def check(typed: str, desk: Desk) -> Next:
    """Right: the conversation is verified. Wrong: say how many tries are left, never why."""
    try:
        desk.assurance = await OneTimeCodes(desk.work, desk.secret).check(desk.conversation.id, typed, at=desk.at)
    except CodeWrong as wrong:
        key = "identify.code_wrong_last" if wrong.tries_left == 1 else "identify.code_wrong"
        return Ask(
            key,
            "take_code",
            {"tries_left": wrong.tries_left},
            ("choice.new_code", "choice.person"),
            expecting="code",
            counted=False,
        )
    except (CodeExpired, CodeUsedUp):
        return Done("identify.used_up", choices=("choice.report", "choice.person"))
    return await welcome(desk)


async def welcome(desk: Desk) -> Next:
    """What was opened before the proof now belongs to the person who gave it."""
    contact_id = desk.assurance.contact_id
    if contact_id is None:
        return Done("identify.case_proved")
    contact = await Contacts(desk.work).get(contact_id)
    account = contact.roles[0][0] if contact.roles else None
    await identify_customer(
        desk.work, desk.conversation.id, contact_id=contact_id, account_id=account, by=BOT, at=desk.at
    )
    return Done("identify.done", {"name": contact.name})


IDENTIFY = dialog("identify", 1, start, take_address, take_code)
