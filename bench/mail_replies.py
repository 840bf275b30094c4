"""How often the new words of an answer are found exactly, on public mails.

    python -m bench.mail_replies [--data DIR] [--failures]

Needs the development data beside the checkout (`../shared/data/dev`, or `--data DIR`); nothing of it is kept here.
A row with `reply` counts where the words are equal but for white space; one with `contains` or `absent` where all of
the former and none of the latter are in the words. The figures of the others are published ones, on the same 82 rows.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from channels.email.letter import Envelope
from channels.email.reading import Ours, parse
from channels.email.reading.html import to_text
from channels.email.reading.reply import new_words

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "dev"
OTHERS = {"talon": 54, "email-reply-parser": 51, "mail-parser-reply": 45}
SOMEBODY = Envelope(mail_from=None, rcpt_to=(), source="smtp")


def words_of(row: Mapping[str, Any]) -> str:
    """What the desk takes for new in one row."""
    if row["kind"] == "eml":
        return parse(row["body"].encode(), SOMEBODY, Ours()).text
    body = to_text(row["body"]) if row["kind"] == "html" else row["body"]
    return new_words(body).text


def right(row: Mapping[str, Any]) -> bool:
    """Whether they are."""
    words = words_of(row)
    expected = [row[name] for name in ("reply", "reply_alt") if name in row]
    if expected:
        return any("".join(words.split()) == "".join(reply.split()) for reply in expected)
    return all(piece in words for piece in row.get("contains", [])) and not any(
        piece in words for piece in row.get("absent", [])
    )


def rows(data: Path) -> Iterator[dict[str, Any]]:
    """Every row that asks for words."""
    for line in (data / "email" / "reply_dev.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != "signature":
            yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--failures", action="store_true")
    asked = parser.parse_args()
    judged = [(row, right(row)) for row in rows(asked.data)]
    for row, fine in judged:
        if asked.failures and not fine:
            print(f"== {row['id']}\n{words_of(row)}\n-- expected\n{row.get('reply', row.get('contains'))}\n")
    table = Table("reader", "exact", "of", title="The new words of an answer")
    table.add_row("nightdesk", str(sum(fine for _, fine in judged)), str(len(judged)))
    for name, figure in OTHERS.items():
        table.add_row(f"{name} (published)", str(figure), "82")
    Console().print(table)


if __name__ == "__main__":
    main()
