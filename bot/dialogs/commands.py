"""What a customer can say at any point, and what interrupts a form."""

from bot.understanding import Intent, Understanding

COMMANDS = {
    "start_over": "start_over",
    "cancel": "cancel",
    "go_back": "go_back",
    "talk_to_person": "talk_to_person",
}
COMMAND_WORDS_MAX = 8
"""A longer sentence tells a story ("I want to cancel the order that ..."); it is no command."""
STORY_WISH_WORDS_MAX = 12
SURE = 0.55
VERY_SURE = 0.68

YES_NO = (Intent.AFFIRM, Intent.DENY, Intent.THANK)
INTERRUPTIONS = {
    "ask_question": "aside",
    "case_status": "status",
    "call_me_back": "callback",
    "report_problem": "report_problem",
    "add_to_case": "add_to_case",
    "thank": "thanks",
}


def command_of(said: Understanding, *, expecting: str) -> str | None:
    """What the customer steers to, when they do that rather than answer.

    A request for a person is obeyed wherever it comes; only where a story is asked for it has to be short, because
    stories have people in them.
    """
    words = len(said.text.split())
    if said.wants.person and (expecting != "description" or words <= STORY_WISH_WORDS_MAX):
        return "talk_to_person"
    if said.intent not in COMMANDS or said.confidence < SURE or words > COMMAND_WORDS_MAX:
        return None
    return COMMANDS[said.intent]


def interrupts(said: Understanding, *, expecting: str, dialog: str) -> str | None:
    """The dialog that hears this message first, when it clearly is no answer to the open question."""
    if expecting == "description" or (expecting and said.entity(expecting) is not None):
        return None
    if dialog in ("answer", "foreign", "survey") or (expecting == "yes_no" and said.intent in YES_NO):
        return None
    if said.question and said.intent in ("ask_question", "something_else", "order_status"):
        return "aside"
    goal = INTERRUPTIONS.get(said.intent)
    if goal is None or goal == dialog or said.confidence < VERY_SURE or said.intent == "ask_question":
        return None
    return goal
