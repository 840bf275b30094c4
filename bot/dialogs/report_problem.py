"""A problem becomes a case: takes everything one sentence gives, asks only for what is missing, confirms, opens.

Where it looks like a case of theirs that is open, that is asked first, once.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from bot.activity import Card, Choice
from bot.dialogs.desk import BOT, Desk
from bot.dialogs.own_case import like_told
from bot.dialogs.steps import Ask, Done, Goto, Next, Slots, dialog
from bot.understanding import Intent, Understanding
from bot.understanding.phrases import english_phrases
from caseengine.model.case import Case
from caseengine.operations.linking import link_cases
from caseengine.operations.opening import Opening, open_case
from customers.assurance import Assurances, Level
from customers.contacts import Contacts

BARE_WORDS_MAX = 8
"""A short wish for a case ("I want to report a problem") tells no story yet."""
DEPARTMENT_SURE = 0.4
SUBJECT_MAX = 80
NEWS_WORDS_MIN = 3
"""Fewer words than this at the summary are neither yes nor news."""
NAMING_WORDS_MAX = 12
FACTS = ("order_number", "product", "store", "email", "phone")


async def gather(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Take what the first message gives."""
    if said.text and not slots.get("heard"):
        hear_story(said, slots, desk)
    take_entities(said, slots)
    slots["heard"] = True
    return await next_question(slots, desk)


async def take_what(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """What happened, in the customer's words."""
    if not said.text.strip():
        return Ask("report.what", "take_what", expecting="description")
    tell(said, slots, desk)
    return await next_question(slots, desk)


async def take_alike(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Only a yes puts it on the case that is open; whatever else is said, it becomes a case of its own."""
    if len(said.text.split()) >= NEWS_WORDS_MIN:
        tell(said, slots, desk)
    if agrees(said, desk):
        return Goto("add_to_case", {"number": slots["alike"], "text": with_files(slots["description"], slots)})
    return await next_question(slots, desk)


def agrees(said: Understanding, desk: Desk) -> bool:
    """A yes, also one with news behind it ("yes, and now it leaks"); not one to a case of its own."""
    if said.intent == Intent.DENY or said.wants.case or desk.pressed == "choice.open":
        return False
    return Intent.AFFIRM in (said.intent, english_phrases().intent(said.text.partition(",")[0]))


async def take_department(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """What it is about: a name of the list, or words that make it sure; whatever else was said is kept."""
    short = len(said.text.split()) <= NEWS_WORDS_MIN and not said.entities
    slug = department_in(said, desk) or (said.department if short else None)
    if slug is not None:
        slots["departments"] = [slug]
    elif not take_entities(said, slots) and said.intent != Intent.DENY:
        tell(said, slots, desk)
    if slots.get("departments"):
        return await next_question(slots, desk)
    return Ask("report.department_unclear", "take_department", choices=department_choices(desk), expecting="choice")


async def take_reach(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """How the customer can be told; leaving nothing is allowed."""
    take_entities(said, slots)
    if (slug := department_in(said, desk)) is not None and not slots.get("email"):
        slots["departments"] = [slug]
        return await next_question(slots, desk)
    if not (slots.get("email") or slots.get("phone")):
        if said.intent not in (Intent.DENY, Intent.CANCEL) and said.text.strip():
            return Ask("report.reach_unclear", "take_reach", choices=("choice.no_address",), expecting="email")
        slots["unreachable"] = True
    return await next_question(slots, desk)


async def take_confirmation(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Yes opens the case; anything new is taken first, and nothing that was told is lost."""
    if said.intent == Intent.AFFIRM or said.wants.case:
        return await open_cases(slots, desk)
    if said.intent == Intent.DENY or not said.text.strip():
        return Ask("report.change", "take_change", expecting="description")
    if len(said.text.split()) < NEWS_WORDS_MIN and not take_entities(said, slots):
        return replace(confirm(slots, desk), key="report.confirm_unclear")
    return await take_change(said, slots, desk)


async def take_change(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """A correction: another department, number, shop or address; other words are added to the story."""
    if said.intent == Intent.AFFIRM:
        return confirm(slots, desk)
    if said.intent == Intent.DENY or not said.text.strip():
        return Ask("report.change_unclear", "take_change", choices=("choice.as_it_is",), expecting="description")
    if (slug := department_in(said, desk)) is not None:
        slots["departments"] = [slug, *slots["departments"][1:]]
    elif not take_entities(said, slots):
        tell(said, slots, desk)
    return confirm(slots, desk)


def tell(said: Understanding, slots: Slots, desk: Desk) -> None:
    """The customer's own words, whole, join what they told before."""
    slots["description"] = "\n".join(text for text in (slots.get("description", ""), desk.said) if text)
    if len(slots.get("problems", ())) > 1:
        slots["problems"][-1] += f"\n{desk.said}"
    elif not slots.get("departments"):
        take_story_hints(said, slots, desk)
    take_entities(said, slots)


def hear_story(said: Understanding, slots: Slots, desk: Desk) -> None:
    """The first message may be the whole story, two stories, or only the wish to tell one."""
    if said.intent == Intent.COMPLAIN:
        slots["case_type"] = "complaint"
    if len(said.problems) > 1:
        slots["problems"] = list(said.problems)
        slots["departments"] = [part.department or desk.fallback_department for part in desk.parts]
        slots["description"] = desk.said
        return
    bare = len(said.text.split()) <= BARE_WORDS_MAX and said.wants.case and not said.problems
    if not slots.get("description") and not bare:
        slots["description"] = desk.said
        take_story_hints(said, slots, desk)


def take_story_hints(said: Understanding, slots: Slots, desk: Desk) -> None:
    """Department, impact and urgency, where the words tell them."""
    if likely := likely_departments(said):
        slots["departments"] = likely
    for hint in ("impact", "urgency"):
        if (level := getattr(said, hint)) is not None:
            slots[hint] = level


def likely_departments(said: Understanding) -> list[str]:
    """The department these words belong to, when that is sure enough; else nothing, and it is asked."""
    sure = said.department is not None and said.department_confidence >= DEPARTMENT_SURE
    return [said.department] if sure and said.department else []


def department_in(said: Understanding, desk: Desk) -> str | None:
    """The department that was pressed, or named in a short answer ("no, it should go to Invoices")."""
    words = said.text.casefold().split()
    for slug, name in desk.departments.items():
        first = name.casefold().split()[0]
        if said.text.strip().casefold() == name.casefold():
            return slug
        if len(words) <= NAMING_WORDS_MAX and first in {word.strip(".,!?:;") for word in words}:
            return slug
    return None


def take_entities(said: Understanding, slots: Slots) -> bool:
    """Keep what was mentioned; true when something is new or changed."""
    changed = False
    for kind in FACTS:
        found = said.entity(kind)
        if found is not None and found.value and slots.get(kind) != found.value:
            slots[kind], slots[f"{kind}_shown"] = found.value, found.shown or found.value
            changed = True
    return changed


async def next_question(slots: Slots, desk: Desk) -> Next:
    """The first thing that is still missing; the summary when nothing is."""
    if not slots.get("description"):
        return Ask("report.what", "take_what", expecting="description")
    if (alike := await case_alike(slots, desk)) is not None:
        slots["alike"] = alike.number
        told = {"number": alike.number, "subject": alike.subject}
        return Ask("report.alike", "take_alike", told, ("choice.yes", "choice.no"), expecting="yes_no")
    if not slots.get("departments"):
        return Ask("report.department", "take_department", choices=department_choices(desk), expecting="choice")
    known = desk.assurance.contact_id is not None
    if not (known or slots.get("email") or slots.get("phone") or slots.get("unreachable")):
        return Ask("report.reach", "take_reach", choices=("choice.no_address",), expecting="email")
    return confirm(slots, desk)


async def case_alike(slots: Slots, desk: Desk) -> Case | None:
    """An open case of theirs that this may be about; looked for once, and not where they told of several problems."""
    if slots.get("compared") or len(slots.get("problems", ())) > 1:
        return None
    slots["compared"] = True
    return await like_told(opening_of(slots["description"], "", slots, desk), desk)


def confirm(slots: Slots, desk: Desk) -> Ask:
    """Everything on one card before anything is opened."""
    count = len(slots.get("problems", ()))
    return Ask(
        "report.confirm_many" if count > 1 else "report.confirm",
        "take_confirmation",
        params={"count": count},
        card=Card(title="@card.report", facts=tuple(facts(slots, desk))),
        choices=("choice.open", "choice.change", "choice.never_mind"),
        expecting="yes_no",
    )


def facts(slots: Slots, desk: Desk) -> list[tuple[str, str]]:
    """The card's lines; labels are catalogue keys."""
    problems = slots.get("problems") or [slots["description"]]
    lines: list[tuple[str, str]] = []
    for text, department in zip(problems, slots["departments"], strict=False):
        lines += [("@fact.problem", text), ("@fact.department", desk.departments.get(department, department))]
    lines += [(f"@fact.{kind}", slots[f"{kind}_shown"]) for kind in FACTS if slots.get(kind)]
    return lines


async def open_cases(slots: Slots, desk: Desk) -> Next:
    """One case a problem, linked to each other; the number and the promise are the answer."""
    cases = [await open_one(slots, desk, text, department) for text, department in problems_of(slots)]
    for other in cases[1:]:
        await link_cases(desk.work, cases[0], other, by=BOT, at=desk.at)
    if slots.get("email") and desk.assurance.level < Level.CHANNEL:
        await Assurances(desk.work).claim(desk.conversation.id, "email", slots["email"], at=desk.at)
    params: dict[str, Any] = {"number": cases[0].number, "next_update": cases[0].due_at}
    if len(cases) > 1:
        return Done("report.opened_many", {**params, "numbers": ", ".join(f"**{case.number}**" for case in cases)})
    reachable = slots.get("email") or slots.get("phone") or desk.assurance.contact_id
    return Done("report.opened" if reachable else "report.opened_unreachable", params)


def problems_of(slots: Slots) -> list[tuple[str, str]]:
    """Each problem's text and department; files that came first go with the first."""
    texts = slots.get("problems") or [slots["description"]]
    return list(zip([with_files(texts[0], slots), *texts[1:]], slots["departments"], strict=False))


def with_files(text: str, slots: Slots) -> str:
    files = " ".join(f"[{name}]" for name in slots.get("files", ()))
    return f"{text}\n{files}" if files else text


async def open_one(slots: Slots, desk: Desk, text: str, department: str) -> Case:
    """Open a case for this person as far as they are known."""
    account = await account_for(slots, desk, desk.assurance.contact_id)
    opening = replace(opening_of(text, department, slots, desk), account_id=account)
    return await open_case(desk.work, opening, by=desk.customer, at=desk.at)


def opening_of(text: str, department: str, slots: Slots, desk: Desk) -> Opening:
    """What a case about this would begin with."""
    contact = desk.assurance.contact_id
    return Opening(
        subject=subject_of(text),
        description=text,
        department=department,
        conversation=desk.conversation.id,
        contact_id=contact,
        claimed={kind: slots[kind] for kind in ("email", "phone", "store") if slots.get(kind) and contact is None},
        case_type=slots.get("case_type", "incident"),
        impact=slots.get("impact", 2),
        urgency=slots.get("urgency", 2),
        products=(slots["product"],) if slots.get("product") else (),
        order_number=slots.get("order_number"),
        reply_address=slots.get("email") if contact is None else None,
    )


async def account_for(slots: Slots, desk: Desk, contact: UUID | None) -> UUID | None:
    """The shop that was named, when it is one of the contact's; else the contact's first account."""
    if contact is None:
        return None
    mine = [account_id for account_id, _ in (await Contacts(desk.work).get(contact)).roles]
    named = UUID(slots["store"]) if slots.get("store") else None
    return named if named in {*mine, *desk.assurance.account_ids} else next(iter(mine), None)


def subject_of(text: str) -> str:
    """The first words of the story, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= SUBJECT_MAX else line[: SUBJECT_MAX - 1].rsplit(" ", 1)[0] + "…"


def department_choices(desk: Desk) -> tuple[str | Choice, ...]:
    return tuple(Choice(name, name) for name in desk.departments.values())


REPORT_PROBLEM = dialog(
    "report_problem", 1, gather, take_what, take_alike, take_department, take_reach, take_confirmation, take_change
)
