"""What of a letter is kept, in a form that a database and a header take."""

from typing import Any

from caseengine.operations.filing import ADDRESS_MAX
from channels.email.letter import Letter
from customers.errors import IdentityInvalid
from customers.identities import IdentityKind, normalise


def original(letter: Letter, inline: dict[str, str]) -> dict[str, Any]:
    """What an agent may want to see beside the new words."""
    return {
        "subject": clean(letter.subject),
        "from": _shown(letter.sender.name, letter.sender.address) if letter.sender else "",
        "sender_doubt": letter.sender_doubt,
        "reply_to": [_shown(box.name, box.address) for box in letter.reply_to],
        "to": [_shown(box.name, box.address) for box in letter.to],
        "cc": [_shown(box.name, box.address) for box in letter.cc],
        "said_at": clean(letter.said_at),
        "text": clean(letter.text),
        "quoted": clean(letter.quoted),
        "html": clean(letter.html),
        "inline": inline,
        "odd": [clean(one) for one in letter.odd],
    }


def answers_elsewhere(letter: Letter) -> bool:
    """Whether its sender wants answers at another address: a form on a site, say, where nobody waits for ours."""
    wanted = {box.address.lower() for box in letter.reply_to}
    return bool(wanted) and letter.sender is not None and letter.sender.address.lower() not in wanted


def clean(text: str) -> str:
    """Without what a database cannot keep."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _shown(name: str, address: str) -> str:
    return clean(f"{name} <{address}>" if name else address)


def usable_address(written: str) -> str | None:
    """One that somebody can be answered at; None for what is none, or too long to keep."""
    try:
        address = normalise(IdentityKind.EMAIL, written)
    except IdentityInvalid:
        return None
    return address if len(address) <= ADDRESS_MAX else None


def usable_id(message_id: str) -> str:
    """A Message-ID that may stand in a header of ours; empty for one that may not."""
    plain = message_id.strip().strip("<>")
    fine = 0 < len(plain) <= 250 and all("!" <= character <= "~" and character not in "<>" for character in plain)
    return plain if fine else ""
