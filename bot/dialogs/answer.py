"""A question, or a problem that an article may solve: answer with the passage, ask whether it helped."""

from rapidfuzz import fuzz, process

from bot.activity import Choice
from bot.dialogs.agreeing import agrees
from bot.dialogs.desk import Desk
from bot.dialogs.dispatch import lost
from bot.dialogs.outcomes import record_outcome
from bot.dialogs.report_problem import likely_departments
from bot.dialogs.steps import Ask, Done, Goto, Next, Slots, dialog
from bot.understanding import Intent, Understanding
from knowledge.answer import Answered, DidYouMean, Passage

ORDINALS = {
    "1": 0,
    "first": 0,
    "1st": 0,
    "one": 0,
    "2": 1,
    "second": 1,
    "2nd": 1,
    "3": 2,
    "third": 2,
    "3rd": 2,
    "last": 2,
}
ORDINAL_WORDS_MAX = 4
SAME_TITLE_MIN = 80.0
"""rapidfuzz ratio from which typed words count as the title that was offered."""


async def look_up(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Search what this person may read."""
    if desk.pressed == "choice.question":
        return Ask("answer.what", "look_up", expecting="description")
    slots["question"] = desk.said
    slots["departments"] = likely_departments(said)
    found = await desk.look_up(said.text)
    if isinstance(found, Answered):
        return show(found.passage, slots, desk)
    if isinstance(found, DidYouMean):
        slots["offered"] = [{"slug": passage.article, "title": passage.title} for passage in found.passages]
        titles = tuple(Choice(passage.title, passage.title) for passage in found.passages)
        return Ask("answer.did_you_mean", "take_choice", choices=(*titles, "choice.none_of_these"), expecting="choice")
    tells_a_problem = said.intent in (Intent.REPORT_PROBLEM, Intent.ORDER_STATUS)
    if tells_a_problem or (slots["departments"] and not said.question):
        return Goto("report_problem")
    return await lost(said, desk) if slots.get("unsure") and not said.question else unknown(slots, desk)


async def take_choice(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """One of the offered articles, none of them, or another question altogether."""
    offered = slots["offered"]
    titles = [article["title"] for article in offered]
    match = process.extractOne(said.text, titles, scorer=fuzz.ratio, score_cutoff=SAME_TITLE_MIN)
    if match is not None:
        passage = await desk.answers.passage_of(offered[match[2]]["slug"], slots["question"], audience=desk.audience)
        return show(passage, slots, desk) if passage else unknown(slots, desk)
    if (place := place_in_list(said, len(titles))) is not None:
        passage = await desk.answers.passage_of(offered[place]["slug"], slots["question"], audience=desk.audience)
        return show(passage, slots, desk) if passage else unknown(slots, desk)
    if said.intent == Intent.AFFIRM:
        choices: tuple[str | Choice, ...] = (*(Choice(title, title) for title in titles), "choice.none_of_these")
        return Ask("answer.which", "take_choice", choices=choices, expecting="choice")
    if said.intent == Intent.DENY:
        return unknown(slots, desk)
    return Goto("dispatch", {"again": True})


def place_in_list(said: Understanding, count: int) -> int | None:
    """ "2", "the second one": which of the offered ones, from 0."""
    words = [word.strip(".,!?#") for word in said.text.casefold().split()]
    if len(words) > ORDINAL_WORDS_MAX:
        return None
    return next((ORDINALS[word] for word in words if ORDINALS.get(word, count) < count), None)


async def take_solved(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Did it help? Anything but yes or no is a new matter."""
    if agrees(said):
        record_outcome(desk, slots["question"], slots["article"], "solved")
        return Done("answer.glad")
    if said.intent == Intent.DENY or said.wants.case:
        record_outcome(desk, slots["question"], slots["article"], "not_solved")
        return Goto("report_problem", story(slots))
    return Goto("dispatch", {"again": True})


async def take_case_wish(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """Nothing was known: shall a colleague answer?"""
    if said.intent == Intent.AFFIRM or said.wants.case:
        return Goto("report_problem", {**story(slots), "case_type": "question"})
    if said.intent == Intent.DENY:
        return Done("answer.no_case")
    return Goto("dispatch", {"again": True})


def story(slots: Slots) -> Slots:
    """What the report already knows: the question is told, not asked again."""
    return {"description": slots["question"], "departments": slots["departments"], "heard": True}


def show(passage: Passage, slots: Slots, desk: Desk) -> Next:
    """The passage, its article and the question that makes the answer measurable."""
    slots["article"] = passage.article
    if passage.article not in desk.state.tried:
        desk.state.tried.append(passage.article)
    desk.state.lost = 0
    return Ask(
        "answer.found",
        "take_solved",
        params={"title": passage.title, "url": passage.url},
        passage=passage.text,
        choices=("choice.solved", "choice.not_solved"),
        expecting="yes_no",
    )


def unknown(slots: Slots, desk: Desk) -> Next:
    """An honest "I don't know" that becomes a case unless the customer does not want one."""
    record_outcome(desk, slots["question"], None, "unanswered")
    return Ask("answer.unknown", "take_case_wish", choices=("choice.open_case", "choice.no"), expecting="yes_no")


async def answer_aside(said: Understanding, slots: Slots, desk: Desk) -> Next:
    """A question in the middle of a form: answered in one bubble, then the form goes on."""
    found = await desk.look_up(said.text)
    if isinstance(found, Answered):
        passage = found.passage
        if passage.article not in desk.state.tried:
            desk.state.tried.append(passage.article)
        return Done("answer.aside", {"title": passage.title, "url": passage.url}, passage=passage.text)
    if isinstance(found, DidYouMean):
        passage = found.passages[0]
        return Done("answer.aside_near", {"title": passage.title, "url": passage.url}, passage=passage.text)
    record_outcome(desk, said.text, None, "unanswered")
    reporting = any(frame.dialog == "report_problem" for frame in desk.state.frames)
    return Done("answer.aside_unknown_case" if reporting else "answer.aside_unknown")


ANSWER = dialog("answer", 1, look_up, take_choice, take_solved, take_case_wish)
ASIDE = dialog("aside", 1, answer_aside)
