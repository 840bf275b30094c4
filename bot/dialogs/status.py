"""Where do my cases stand? Shown only to whoever has proved a right to it; "unknown" and "not yours" sound the same."""

from collections.abc import Sequence
from typing import Any

from bot.activity import Act, Card, Choice
from bot.dialogs.choices import says_of_case
from bot.dialogs.desk import Desk
from bot.dialogs.identify import check
from bot.dialogs.steps import Ask, Call, Done, Line, Next, Say, Slots, dialog
from bot.understanding import Understanding
from caseengine.model.case import Case
from caseengine.model.errors import CaseNotFound
from caseengine.model.lifecycle import LIVE, Status
from caseengine.operations.access import case_for
from caseengine.operations.keeping import goes_on_as
from caseengine.reading.case_address import case_address
from caseengine.reading.cases import CaseRow, cases_of
from customers.assurance import Assurances, Level
from customers.codes import OneTimeCodes
from customers.errors import IdentityInvalid, TooManyCodes
from customers.identities import normalise

LISTED_MAX = 5
"""Cases of a page; Teams takes seven messages in a second."""
BUTTONS = {
    **dict.fromkeys(LIVE, ("choice.add_to_case",)),
    Status.RESOLVED: ("choice.close_case", "choice.reopen_case"),
    Status.CLOSED: ("choice.reopen_case",),
}
"""Below a case, by its status."""


async def start(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """One case by its number, or all of them."""
    number = said.entity("case_number")
    if number is not None and number.mistyped:
        return Ask("status.mistyped", "take_number", {"typed": number.said}, expecting="case_number")
    if number is not None and number.value and desk.pressed == "choice.more_cases":
        return await show_all(slots, desk, behind=number.value)
    if number is not None and number.value:
        slots["number"] = number.value
        return await show_one(slots, desk)
    return await show_all(slots, desk)


async def take_number(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """The number once more."""
    number = said.entity("case_number")
    if number is None or number.mistyped or not number.value:
        return Ask("status.number_unclear", "take_number", choices=("choice.all_my_cases",), expecting="case_number")
    slots["number"] = number.value
    return await show_one(slots, desk)


async def show_one(slots: Slots, desk: Desk) -> Next:
    """The case, or a way to prove a right to it."""
    try:
        case = await case_for(desk.work, slots["number"], desk.viewer)
    except CaseNotFound:
        if desk.assurance.level >= Level.VERIFIED:
            return Done("status.not_shown", {"number": slots["number"]}, choices=("choice.status", "choice.person"))
        return Ask("status.prove", "take_address", {"number": slots["number"]}, expecting="email")
    now = await goes_on_as(desk.work, case)
    before = (Line("status.goes_on", {"number": case.number, "into": now.number}),) if now is not case else ()
    line = case_line(now, desk, whole=True)
    choices = ("choice.status", "choice.person")
    return Done(line.key, line.params, before=before, choices=choices, card=line.card, facts=line.facts)


async def take_address(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """The address on file for the case, or of the person: a code goes there, and only there."""
    address = said.entity("email")
    try:
        slots["address"] = normalise("email", address.value if address and address.value else "")
    except IdentityInvalid:
        return Ask("identify.address_unclear", "take_address", expecting="email")
    try:
        case, on_file = await case_address(desk.work, slots["number"])
        await OneTimeCodes(desk.work, desk.secret).send(
            desk.conversation.id,
            "email",
            slots["address"],
            source=desk.source,
            language=desk.language,
            at=desk.at,
            case=case,
            case_address=on_file,
        )
    except TooManyCodes:
        return Done("identify.too_many", choices=("choice.report", "choice.person"))
    return Ask(
        "identify.code", "take_code", {"address": slots["address"]}, choices=("choice.new_code",), expecting="code"
    )


async def take_code(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """The code proves the case (or the person, when the address is theirs)."""
    typed = said.value("code")
    if typed is not None:
        outcome = await check(typed, desk)
        if isinstance(outcome, Done) and outcome.line is not None and desk.proved:
            return Say(outcome.line, "show_again")
        return outcome
    if said.entity("email") is not None:
        return await take_address(said, slots, desk)
    if desk.pressed == "choice.new_code" or said.wants.new_code:
        return Ask("status.prove", "take_address", {"number": slots["number"]}, expecting="email")
    return Ask("identify.code_unclear", "take_code", choices=("choice.new_code",), expecting="code")


async def show_again(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """After the proof."""
    return await show_one(slots, desk) if slots.get("number") else await show_all(slots, desk)


async def show_all(slots: Slots, desk: Desk, *, behind: str = "") -> Next:
    """Every case this person may see, a page at a time; a stranger is asked who they are, after what was opened here.

    Whoever manages accounts, and is known by the word of the channel alone, is told that a proof shows more.

    Args:
        behind: the number of the last case of the page before.
    """
    rows = await cases_of(desk.work, desk.viewer)
    stranger = desk.assurance.level < Level.CHANNEL
    if stranger and not rows and not slots.get("asked"):
        slots["asked"] = True
        return Call("identify", "show_again")
    if stranger and not rows:
        return Done("status.not_proved", choices=("choice.prove", "choice.report", "choice.person"))
    holds_back = await Assurances(desk.work).holds_back(desk.assurance)
    if not rows and holds_back:
        return Done("status.none_own", choices=("choice.prove", "choice.report", "choice.question"))
    if not rows:
        return Done("status.none", choices=("choice.report", "choice.question"))
    first, page, more = _page(rows, behind, desk)
    before = (_header(first, len(page), len(rows)), *(case_line(row, desk) for row in page))
    here = {"first": first}  # each page is another place in the conversation
    if stranger:
        return Done("status.only_here", here, before=before, choices=(*more, "choice.prove", "choice.report"))
    if holds_back:
        return Done("status.only_own", here, before=before, choices=(*more, "choice.prove", "choice.add_to_case"))
    return Done("status.what_next", here, before=before, choices=(*more, "choice.add_to_case", "choice.report"))


def _page(rows: Sequence[CaseRow], behind: str, desk: Desk) -> tuple[int, Sequence[CaseRow], tuple[Choice, ...]]:
    """The place of its first case, from 1; the cases; and the button for the next page, where there is one.

    A case that has moved in the list meanwhile, or is not in it, is no place to go on from: the list begins anew.
    """
    start = next((place for place, row in enumerate(rows, 1) if row.number == behind), 0)
    start = 0 if start == len(rows) else start
    page = rows[start : start + LISTED_MAX]
    if start + LISTED_MAX >= len(rows):
        return start + 1, page, ()
    says = says_of_case("choice.more_cases", page[-1].number, desk.words)
    return start + 1, page, (Choice(desk.words["card.more_cases"], says),)


def _header(first: int, shown: int, count: int) -> Line:
    if first > 1:
        return Line("status.listed_on", {"first": first, "last": first + shown - 1, "count": count})
    return Line("status.listed_one" if count == 1 else "status.listed", {"count": count, "shown": shown})


def case_line(case: Case | CaseRow, desk: Desk, *, whole: bool = False) -> Line:
    """What a customer is told of a case, on a card with what can be done about it.

    Args:
        whole: it was opened by itself, so all that is known of it; else as a line of a list, with a button to open it.
    """
    told = params_of(case, desk)
    facts = [("@fact.case", case.number), ("@fact.status", told["status"]), ("@fact.with", told["department"])]
    if promises(case, desk):
        facts.append(("@fact.next_update", told["next_update"]))
    if whole and isinstance(case, Case):
        facts.append(("@fact.opened", case.opened_at))
        facts += [("@fact.ended", case.resolution.text)] if case.resolution and not case.is_live else []
    return Line("status.case", told, card=_buttons(case, desk, whole=whole), facts=tuple(facts))


def params_of(case: Case | CaseRow, desk: Desk) -> dict[str, Any]:
    """What a line about a case can say."""
    return {
        "number": case.number,
        "subject": case.subject,
        "status": f"@status.{case.status}",
        "department": desk.departments.get(case.department, case.department),
        "next_update": case.next_update_at(desk.at),
    }


def promises(case: Case | CaseRow, desk: Desk) -> bool:
    """Whether a time is promised for the next news of it."""
    return case.next_update_at(desk.at) is not None


def _buttons(case: Case | CaseRow, desk: Desk, *, whole: bool) -> Card | None:
    """What can be done about the case by one press; each says so in the customer's name, and the dialogs hear it."""
    words, number = desk.words, case.number
    show = () if whole else (Act(words["card.open_case"], says=says_of_case("choice.show_case", number, words)),)
    offered = BUTTONS.get(case.status, ())
    acts = (*show, *(Act(words[one], says=says_of_case(one, number, words)) for one in offered))
    return Card(title="", acts=acts) if acts else None


STATUS = dialog("status", 1, start, take_number, take_address, take_code, show_again)
