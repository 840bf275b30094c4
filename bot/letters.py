"""Letters: on some channels nobody waits for the next line. One letter in is at most one out, and never a dialog.

The words always end on a case with a number and a time, unless they only ask how a case stands. Source:
docs/decisions/0021-mail.md
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bot.activity import NOT_VOUCHED, Activity, Card, Link, Reply
from bot.answer_checks import ask_whether_it_helped
from bot.dialogs.cases_here import awaiting_confirmation, open_case_here
from bot.dialogs.desk import BOT, Desk
from bot.dialogs.report_problem import account_for, likely_departments, subject_of, take_entities
from bot.dialogs.status import params_of, promises
from bot.dialogs.steps import Line, Slots
from bot.understanding import Intent, Understanding
from caseengine.case_mentions import Mention, mention, number_of
from caseengine.model.case import Case
from caseengine.model.errors import CaseNotFound, NumberMistyped
from caseengine.model.lifecycle import Status
from caseengine.operations.access import case_for
from caseengine.operations.ending import close
from caseengine.operations.handover import hear_customer
from caseengine.operations.keeping import goes_on_as
from caseengine.operations.linking import link_cases
from caseengine.operations.opening import Opening, add_to_case, open_case
from caseengine.reading.cases import CaseRow, cases_of
from customers.assurance import Assurances, Level
from customers.contacts import Contacts
from customers.errors import IdentityInvalid
from knowledge.answer import Answered
from storage.transaction import UnitOfWork

LETTERS = frozenset({"email"})
CLOSING_WORDS_MAX = 40
"""A longer letter of thanks has something else to say: a person reads it."""
STATUS_WORDS_MAX = 40
"""A longer letter tells a story, whatever it asks at its end."""
LISTED_MAX = 5
QUESTIONS = (Intent.ASK_QUESTION, Intent.ORDER_STATUS)
TYPES = {Intent.COMPLAIN: "complaint", Intent.ASK_QUESTION: "question"}


async def answer_letter(said: Understanding, desk: Desk) -> list[Line]:
    """What is answered: nothing, or the lines of one letter."""
    resolved = await awaiting_confirmation(desk)
    if resolved is not None:
        return await hear_about_resolution(resolved, said, desk)
    if asks_status(said):
        lines = await status_lines(said, desk)
        if lines:
            return lines
    case = await open_case_here(desk)
    if case is not None:
        return await add(case, desk)
    return await open_and_answer(said, desk)


async def hear_about_resolution(case: Case, said: Understanding, desk: Desk) -> list[Line]:
    """A short yes or thanks closes the case; whatever else is said reopens it, for whoever had it."""
    if desk.received_at < case.updated_at:
        case.note(desk.said, by=desk.customer, at=desk.at)
        return [Line("resolved.ask_again", {"number": case.number})]
    agrees = said.intent in (Intent.AFFIRM, Intent.THANK, Intent.CLOSE_CASE) and not said.question
    if agrees and len(said.text.split()) <= CLOSING_WORDS_MAX:
        if case.status is Status.RESOLVED:
            await close(desk.work, case.number, by=desk.customer, at=desk.at)
        return [Line("resolved.closed", {"number": case.number})]
    heard = await hear_customer(
        desk.work, desk.conversation.id, text=desk.said, key=desk.key, at=desk.at, by=desk.customer
    )
    now = heard[0] if heard else case
    if now.follows is not None and now.follows == case.id:
        return [Line("resolved.followed", {"before": case.number, "number": now.number, "next_update": now.due_at})]
    return [Line("resolved.reopened", {"number": now.number})]


def asks_status(said: Understanding) -> bool:
    """It asks how a case stands, and says little else."""
    short = len(said.text.split()) <= STATUS_WORDS_MAX
    return short and (said.intent is Intent.CASE_STATUS or (said.entity("case_number") is not None and said.question))


async def status_lines(said: Understanding, desk: Desk) -> list[Line]:
    """As much as may be shown here; empty where that is nothing, for a person to go on."""
    number = said.entity("case_number")
    if number is not None and number.mistyped:
        return [Line("status.mistyped", {"typed": number.said})] if await open_case_here(desk) else []
    if number is None or not number.value:
        rows = await cases_of(desk.work, desk.viewer)
        lines = [plain_line(row, desk) for row in rows[:LISTED_MAX]]
        holds_back = bool(lines) and await Assurances(desk.work).holds_back(desk.assurance)
        return [*lines, Line("mail.status_only_own")] if holds_back else lines
    try:
        case = await goes_on_as(desk.work, await case_for(desk.work, number.value, desk.viewer))
    except (CaseNotFound, NumberMistyped):
        return []
    return [plain_line(case, desk)]


def plain_line(case: Case | CaseRow, desk: Desk) -> Line:
    """How a case stands; to an address nobody has proved, without a word that somebody else may have written."""
    told = params_of(case, desk)
    if desk.assurance.level >= Level.CHANNEL:
        return Line("mail.case" if promises(case, desk) else "mail.case_ended", told)
    key = "mail.status" if promises(case, desk) else "mail.status_ended"
    return Line(key, {name: value for name, value in told.items() if name != "subject"})


async def add(case: Case, desk: Desk) -> list[Line]:
    """More words for a case people work on; that they arrived is said once."""
    here = desk.conversation.id
    now = await add_to_case(desk.work, case, desk.said, key=desk.key, by=desk.customer, at=desk.at, conversation=here)
    if desk.state.acknowledged == now.number:
        return []
    desk.state.acknowledged = now.number
    return [Line("mail.added", {"number": now.number, "next_update": now.next_update_at(desk.at)})]


async def open_and_answer(said: Understanding, desk: Desk) -> list[Line]:
    """A case, always; and where an article answers what was asked, the article."""
    asks = said.question or said.intent in QUESTIONS
    found = await desk.look_up(said.text) if asks and said.language == "en" and not desk.parts else None
    cases = await open_cases(said, desk)
    params = {"number": cases[0].number, "next_update": cases[0].due_at}
    lines = [] if said.language == "en" else [Line("greet.language")]
    if isinstance(found, Answered) and found.passage.article:
        passage = found.passage
        desk.state.tried.append(passage.article)
        url = ask_whether_it_helped(desk, cases[0], passage.article)
        links = (Link("@mail.solved", f"{url}/yes"), Link("@mail.not_solved", f"{url}/no"))
        article = (Link("@card.whole_article", passage.url),) if passage.url else ()
        card = Card(title=passage.title, links=(*article, *links))
        return [*lines, Line("mail.answer", {**params, "title": passage.title}, card=card, passage=passage.text)]
    if len(cases) > 1:
        numbers = ", ".join(f"**{case.number}**" for case in cases)
        return [*lines, Line("report.opened_many", {**params, "numbers": numbers})]
    return [*lines, Line("mail.opened", params), *missing(said, desk)]


def missing(said: Understanding, desk: Desk) -> list[Line]:
    """The one thing that would help most and was not said; never more than one."""
    number = said.entity("case_number")
    if number is not None and number.mistyped:
        return [Line("mail.number_mistyped", {"typed": number.said})]
    if asks_status(said):
        return [Line("mail.status_not_shown")]
    if said.intent is Intent.ORDER_STATUS and said.entity("order_number") is None:
        return [Line("mail.ask_order")]
    if not desk.said.strip():
        return [Line("mail.ask_words")]
    return []


async def open_cases(said: Understanding, desk: Desk) -> list[Case]:
    """One for each problem, linked to each other."""
    parts = desk.parts or (said,)
    cases = [await open_one(part, desk, desk.said if len(parts) == 1 else part.text) for part in parts]
    for other in cases[1:]:
        await link_cases(desk.work, cases[0], other, by=BOT, at=desk.at)
    for case in cases:
        await tell_beside(desk, case)
    return cases


async def open_one(said: Understanding, desk: Desk, text: str) -> Case:
    """A case of this sender, as far as they are known; they are answered at the address they wrote from."""
    slots: Slots = {}
    take_entities(said, slots)
    contact, address = desk.assurance.contact_id, desk.conversation.visitor
    claimed = {kind: slots[kind] for kind in ("phone", "store") if slots.get(kind) and contact is None}
    opening = Opening(
        subject=subject_of(desk.subject if desk.subject.strip() and not desk.parts else text) or "-",
        description=text or desk.subject or "-",
        department=next(iter(likely_departments(said)), desk.fallback_department),
        conversation=desk.conversation.id,
        contact_id=contact,
        account_id=await account_for(slots, desk, contact),
        claimed={**claimed, **({"email": address} if address and contact is None else {})},
        case_type=TYPES.get(said.intent, "question" if said.question else "incident"),
        impact=said.impact or 2,
        urgency=said.urgency or 2,
        products=(slots["product"],) if slots.get("product") else (),
        order_number=slots.get("order_number"),
        reply_address=address or None if contact is None else None,
    )
    return await open_case(desk.work, opening, by=desk.customer, at=desk.at)


async def tell_beside(desk: Desk, case: Case) -> None:
    """Who pointed at a case and was not let in has one of their own: the agents of both are told, the customers not."""
    named = str(desk.details.get("beside", ""))
    if not named:
        return
    number = await number_of(desk.work, UUID(named))
    case.note(desk.words["mail.beside_here"].format(number=number), by=BOT, at=desk.at)
    by = Mention(desk.conversation.visitor, case.number, str(desk.details.get("reason")))
    mention(desk.work, UUID(named), by, at=desk.at)


def as_sent(heard: Activity, replies: Sequence[Reply]) -> list[Reply]:
    """The replies as the channel carries them: all in one where it carries letters, and nothing to press.

    None to what says that it is not to be answered: it came through a list, whose readers would all get the answer.
    """
    if heard.details and heard.details.get("unanswered"):
        return []
    if heard.channel not in LETTERS or not replies:
        return list(replies)
    card = next((reply.card for reply in replies if reply.card is not None), None)
    return [Reply("\n\n".join(reply.text for reply in replies if reply.text), card=card)]


async def judge_sender(work: UnitOfWork, activity: Activity, address: str, *, at: datetime) -> None:
    """Where the channel judges each activity anew, that is what counts: nothing proved before is taken over.

    The channel vouches for an address; it makes a person only where exactly one has it on file.
    """
    if not activity.vouched:
        return
    conversation, assurances = UUID(activity.conversation), Assurances(work)
    await assurances.drop(conversation)
    try:
        known = await Contacts(work).by_identity("email", address) if address else []
    except IdentityInvalid:
        known = []
    if activity.vouched != NOT_VOUCHED and len(known) == 1:
        await assurances.vouch(conversation, known[0].id, activity.vouched, at=at)
    elif address:
        await assurances.claim(conversation, "email", address, at=at)
