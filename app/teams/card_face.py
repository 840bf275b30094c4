"""A case as an agent's card shows it; the words are the catalogue's."""

from collections.abc import Mapping
from datetime import datetime

from bot.activity import Act, Card, Choice, Input, Link
from bot.replies.catalogue import Catalogue
from caseengine.model.resolution import ResolutionCode
from caseengine.policies.agent_cards import OF_A_CALL, Does, Why
from caseengine.reading.agent_card import AgentCard

WORDS_MAX = 600
"""Characters of a customer's words on a card; the whole is behind its link."""
WHY = {
    Why.ASSIGNED: "agent_card.assigned",
    Why.OFFERED: "agent_card.offered",
    Why.TARGET_WARNED: "agent_card.target_warned",
    Why.TARGET_BREACHED: "agent_card.target_breached",
    Why.LADDER_NOTIFY: "agent_card.ladder",
    Why.LADDER_TELL_MANAGER: "agent_card.ladder",
    Why.DELIVERY_DOUBTED: "agent_card.delivery_doubted",
    Why.DELIVERY_GIVEN_UP: "agent_card.delivery_given_up",
    Why.CALLBACK_BOOKED: "agent_card.callback_booked",
    Why.CALLBACK_DUE: "agent_card.callback_due",
    Why.LADDER_CALLBACK: "agent_card.ladder_callback",
    Why.RULE_NOTIFY: "agent_card.rule_notify",
    Why.CUSTOMER_NOT_TOLD: "agent_card.customer_not_told",
}
TARGETS = {
    "first_response": "agent_card.first_response",
    "next_response": "agent_card.next_response",
    "resolution": "agent_card.resolution",
}
CODES = {
    ResolutionCode.SOLVED: "agent_card.code_solved",
    ResolutionCode.WORKAROUND: "agent_card.code_workaround",
    ResolutionCode.INFORMATION_GIVEN: "agent_card.code_information_given",
    ResolutionCode.NO_FAULT_FOUND: "agent_card.code_no_fault_found",
    ResolutionCode.DUPLICATE: "agent_card.code_duplicate",
    ResolutionCode.WITHDRAWN: "agent_card.code_withdrawn",
}


AT_ONCE = {
    Does.TAKE: "agent_card.take",
    Does.ACCEPT: "agent_card.accept",
    Does.REACHED: "agent_card.reached",
    Does.UNREACHED: "agent_card.unreached",
}
"""Buttons that ask nothing."""
DONE = {
    Does.TAKE: "agent_card.taken",
    Does.ACCEPT: "agent_card.taken",
    Does.DECLINE: "agent_card.declined",
    Does.REPLY: "agent_card.replied",
    Does.RESOLVE: "agent_card.resolved",
    Does.REACHED: "agent_card.was_reached",
    Does.UNREACHED: "agent_card.was_not_reached",
}
"""What a card says of a press that was carried out."""


class CardFaces:
    """
    Args:
        origin: scheme and host of the desk's own pages.
    """

    def __init__(self, catalogue: Catalogue, origin: str) -> None:
        self._catalogue = catalogue
        self.words = catalogue.words
        self._origin = origin

    def face(
        self,
        shown: AgentCard,
        why: Why | None,
        *,
        told: str = "",
        typed: Mapping[str, str] | None = None,
        at: datetime,
    ) -> Card:
        """The card as of now.

        Args:
            told: what came of a press, instead of why there is a card.
            typed: what stands in its fields already: a press that was refused loses no words.
        """
        row = shown.view.row
        about = {"case": row.number, "version": row.version} | ({"why": str(why)} if why else {})
        said = _words_alone(shown.last_words or shown.view.description)
        return Card(
            title=f"{row.number} {row.subject}",
            text="\n\n".join(filter(None, (told or self._why(shown, why, at), said))),
            facts=tuple(self._facts(shown, at)),
            links=(Link(self.words["agent_card.open"], f"{self._origin}/workspace/cases/{row.number}"),),
            acts=tuple(self._act(does, about, typed or {}) for does in shown.can),
            refresh=Act(self.words["agent_card.show"], verb=Does.SHOW, about=about),
            fallback=f"{row.number} {row.subject}",
        )

    def bare(self, told: str) -> Card:
        """Words and nothing of any case."""
        return Card(title="", text=told)

    def went(self, shown: AgentCard) -> str:
        """Where the case is, to whom thought that it is theirs, or theirs to take."""
        row, words = shown.view.row, self.words
        if not row.is_live:
            return words["agent_card.ended"]
        if shown.mine:
            return words["agent_card.assigned"]
        key = "agent_card.went" if row.agent_name else "agent_card.nobody_has_it"
        return words[key].format(name=_words_alone(row.agent_name or ""))

    def _why(self, shown: AgentCard, why: Why | None, at: datetime) -> str:
        if why is None:
            return ""
        if (why is Why.OFFERED and shown.offered_until is None) or (why is Why.ASSIGNED and not shown.mine):
            return self.went(shown)
        if why in OF_A_CALL and shown.view.callback is None:
            return self.words["agent_card.call_over"]
        due_at = shown.notice.get("due_at")
        target = TARGETS.get(str(shown.notice.get("target")))
        until = shown.offered_until
        return self.words[WHY[why]].format(
            target=self.words[target] if target else "",
            due=self._catalogue.when(datetime.fromisoformat(due_at), at) if due_at else "",
            until=self._catalogue.when(until, at) if until else "",
            caller=_words_alone(str(shown.notice.get("agent_name", ""))),
            rule=_words_alone(str(shown.notice.get("rule", ""))),
            text=_words_alone(str(shown.notice.get("text", ""))),
        )

    def _facts(self, shown: AgentCard, at: datetime) -> list[tuple[str, str]]:
        row, words = shown.view.row, self.words
        facts = [
            (words["agent_card.customer"], row.contact_name or words["agent_card.unproved"]),
            (words["fact.department"], row.department_name),
            (words["agent_card.status"], words[f"status.{row.status}"]),
            (words["agent_card.priority"], f"P{row.priority.value}"),
            (words["agent_card.holder"], row.agent_name or words["agent_card.nobody"]),
        ]
        if (next_update := row.next_update_at(at)) is not None:
            facts.append((words["agent_card.next_update"], self._catalogue.when(next_update, at)))
        if (call := shown.view.callback) is not None:
            facts.append((words["agent_card.call"], self._catalogue.when(call.starts_at, at)))
            facts.append((words["agent_card.number"], call.phone or words["agent_card.no_number"]))
        return [(name, _words_alone(value)) for name, value in facts]

    def _act(self, does: Does, about: Mapping[str, object], typed: Mapping[str, str]) -> Act:
        words = self.words
        if does is Does.DECLINE:
            field = Input("reason", words["agent_card.decline_text"], value=typed.get("reason", ""))
            return Act(words["agent_card.decline"], verb=does, about=about, inputs=(field,))
        if does is Does.REPLY:
            field = Input("reply", words["agent_card.reply_text"], "multiline", value=typed.get("reply", ""))
            return Act(words["agent_card.reply"], verb=does, about=about, inputs=(field,))
        if does is Does.RESOLVE:
            codes = tuple(Choice(words[key], str(code)) for code, key in CODES.items())
            code = Input("code", words["agent_card.code"], "choice", codes, value=typed.get("code", ""))
            text = Input("done", words["agent_card.done_text"], "multiline", value=typed.get("done", ""))
            return Act(words["agent_card.resolve"], verb=does, about=about, inputs=(code, text))
        return Act(words[AT_ONCE[does]], verb=does, about=about)


def _words_alone(text: str) -> str:
    """What a customer wrote, without a link that says one thing and leads to another."""
    short = text if len(text) <= WORDS_MAX else f"{text[: WORDS_MAX - 1]}…"
    return short.replace("](", "] (")
