"""What is said in a conversation about things a customer is to be told of."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.activity import Act, Card, plain
from bot.dialogs.steps import Line
from bot.replies.catalogue import Catalogue

LINES: Mapping[str, str] = {
    "reply": "notice.reply_waits",
    "resolved": "notice.is_resolved",
    "promise": "notice.promise_renewed",
    "opened": "notice.opened",
    "status": "notice.status_changed",
}


NOT_TOLD: Mapping[str, str] = {
    "unproved": "notice.not_told_unproved",
    "unreachable": "notice.not_told_unreachable",
    "opted_out": "notice.not_told_unwished",
    "unwanted": "notice.not_told_unwished",
    "fault": "notice.not_told_fault",
}


def not_told(words: Mapping[str, str]) -> Mapping[str, str]:
    """What agents read where words reach nobody, by why; `words` are the catalogue's."""
    return {why: words[key] for why, key in NOT_TOLD.items()}


def stop_button(words: Mapping[str, str]) -> Mapping[str, Any]:
    """A card with the one word by which they are told no more; `words` are the catalogue's."""
    says = words["choice.stop_notices"]
    document: Mapping[str, Any] = plain(Card(title="", acts=(Act(says, says=says),)))
    return document


def notice_words(catalogue: Catalogue) -> Callable[[Sequence[Mapping[str, Any]], datetime], str]:
    """Items to Markdown, a paragraph each, in the one language the catalogue has."""

    def words(items: Sequence[Mapping[str, Any]], at: datetime) -> str:
        lines = [line for item in items for line in _lines(item, catalogue)]
        return "\n\n".join(catalogue.reply(line, at=at).text for line in lines)

    return words


def _lines(item: Mapping[str, Any], catalogue: Catalogue) -> list[Line]:
    """A fact, and the names of what cannot go with it."""
    line = _line(item, catalogue)
    return [line, Line("notice.files_gone", {"files": ", ".join(item["gone"])})] if item.get("gone") else [line]


def _line(item: Mapping[str, Any], catalogue: Catalogue) -> Line:
    params: dict[str, Any] = {"number": item["number"], "status": f"@status.{item['status']}"}
    params |= {"text": "\n".join(item.get("lines", ())), "name": item.get("agent") or catalogue.company}
    if "next_update" in item:
        params["next_update"] = datetime.fromisoformat(item["next_update"])
    return Line(LINES[item["kind"]], params)
