"""Letters: on some channels nobody waits for the next line. One letter in is at most one out, and never a dialog.

The words always end on a case with a number and a time, unless they only ask how a case stands. Source:
docs/decisions/0021-mail.md
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bot.activity import NOT_VOUCHED, Activity, Card, Link, Reply
from bot.answer_checks import ask_whether_it_helped
from bot.dialogs.cases_here import open_case_here
from bot.dialogs.desk import BOT, Desk
from bot.dialogs.report_problem import account_for, likely_departments, subject_of, take_entities
from bot.dialogs.status import params_of, promises
from bot.dialogs.steps import Line, Slots
from bot.handover import hear_with_people
from bot.letter_cases import case_answered, case_meant, hear_after_the_end, hear_nothing, hear_reaction
from bot.understanding import Intent, Understanding
from bot.understanding.problems import troubled
from caseengine.case_mentions import Mention, mention, number_of
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.errors import CaseNotFound, NumberMistyped
from caseengine.operations.access import case_for
from caseengine.operations.filing import plain_subject
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
STATUS_WORDS_MAX = 40
"""A longer letter tells a story, whatever it asks at its end."""
LISTED_MAX = 5
QUESTIONS = (Intent.ASK_QUESTION, Intent.ORDER_STATUS)
TYPES = {Intent.COMPLAIN: "complaint", Intent.ASK_QUESTION: "question"}


async def answer_letter(said: Understanding, desk: Desk) -> list[Line]:
    """What is answered: nothing, or the lines of one letter."""
    meant = await case_meant(said, desk)
    case = meant or await case_answered(desk)
    desk.about = case.id if case is not None else None
    if sign := desk.details.get("reaction"):
        return await hear_reaction(case, str(sign), desk)
    if case is not None and not desk.said.strip():
        return hear_nothing(case, desk)
    if desk.conversation.mode is not Mode.BOT and (meant is None or meant.is_live):
        return await hear_with_people(desk, meant)
    if asks_status(said, meant) and (lines := await status_lines(said, meant, desk)):
        return lines
    if case is None:
        return await open_and_answer(said, desk)
    return await add(case, desk) if case.is_live else await hear_after_the_end(case, said, desk)


def asks_status(said: Understanding, meant: Case | None) -> bool:
    """It asks how a case stands, and says little else; what is asked in a case that goes on may be anything."""
    if len(said.text.split()) > STATUS_WORDS_MAX or troubled(said.text):
        return False
    asks_of_case = meant is None and said.question and said.entity("case_number") is not None
    return said.intent is Intent.CASE_STATUS or asks_of_case


async def status_lines(said: Understanding, meant: Case | None, desk: Desk) -> list[Line]:
    """As much as may be shown here, the case that is meant first; empty where that is nothing: a person goes on."""
    number = said.entity("case_number")
    if number is not None and number.mistyped:
        return [Line("status.mistyped", {"typed": number.said})] if await open_case_here(desk) else []
    if number is None or not number.value:
        rows = sorted(await cases_of(desk.work, desk.viewer), key=lambda row: meant is None or row.id != meant.id)
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
    desk.about = cases[0].id
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
    if asks_status(said, None):
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
    subject = plain_subject(desk.subject) if not desk.parts else ""
    contact, address = desk.assurance.contact_id, desk.conversation.visitor
    claimed = {kind: slots[kind] for kind in ("phone", "store") if slots.get(kind) and contact is None}
    opening = Opening(
        subject=subject_of(subject or text) or "-",
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
