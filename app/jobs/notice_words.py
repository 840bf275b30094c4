"""What is said in a conversation about things a customer is to be told of."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

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
}


def not_told(words: Mapping[str, str]) -> Mapping[str, str]:
    """What agents read where their words reach nobody, by why; `words` are the catalogue's."""
    return {why: words[key] for why, key in NOT_TOLD.items()}


def notice_words(catalogue: Catalogue) -> Callable[[Sequence[Mapping[str, Any]], datetime], str]:
    """Items to Markdown, a paragraph each, in the one language the catalogue has."""

    def words(items: Sequence[Mapping[str, Any]], at: datetime) -> str:
        return "\n\n".join(catalogue.reply(_line(item, catalogue), at=at).text for item in items)

    return words


def _line(item: Mapping[str, Any], catalogue: Catalogue) -> Line:
    params: dict[str, Any] = {"number": item["number"], "status": f"@status.{item['status']}"}
    params |= {"text": "\n".join(item.get("lines", ())), "name": item.get("agent") or catalogue.company}
    if "next_update" in item:
        params["next_update"] = datetime.fromisoformat(item["next_update"])
    return Line(LINES[item["kind"]], params)
