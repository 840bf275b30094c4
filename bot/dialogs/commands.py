"""What a customer can say at any point, and what interrupts a form."""

from bot.understanding import Understanding

COMMANDS = {
    "start_over": "start_over",
    "cancel": "cancel",
    "go_back": "go_back",
    "talk_to_person": "talk_to_person",
}
COMMAND_WORDS_MAX = 8
"""A longer sentence tells a story ("I want to cancel the order that ..."); it is no command."""
SURE = 0.55
VERY_SURE = 0.68

INTERRUPTIONS = {
    "ask_question": "aside",
    "case_status": "status",
    "call_me_back": "callback",
    "report_problem": "report_problem",
    "add_to_case": "add_to_case",
    "thank": "thanks",
}
FREE_WORDS = ("description", "choice")
"""Answers that may be any sentence: nothing but a command interrupts them."""


def is_command(said: Understanding, *, expecting: str) -> bool:
    """True when the customer steers the conversation rather than answering.

    A request for a person is obeyed at any length, unless the open question asks for a story.
    """
    if said.intent not in COMMANDS or said.confidence < SURE:
        return False
    words = len(said.text.split())
    if said.intent == "talk_to_person":
        return words <= COMMAND_WORDS_MAX or expecting not in FREE_WORDS
    return words <= COMMAND_WORDS_MAX


def interrupts(said: Understanding, *, expecting: str, dialog: str) -> str | None:
    """The dialog that hears this message first, when it clearly is no answer to the open question."""
    if expecting == "description" or (expecting and said.entity(expecting) is not None):
        return None
    if said.question and said.intent in ("ask_question", "something_else", "order_status"):
        return "aside"
    goal = INTERRUPTIONS.get(said.intent)
    if goal is None or goal == dialog or said.confidence < VERY_SURE or said.intent == "ask_question":
        return None
    return goal
