"""What our own border server says of a sender: Authentication-Results, RFC 8601.

Anybody can write such a header. Believed is only the top-most one, and only under the name of our own border, which
puts its own on top of whatever a mail brings along. Microsoft 365 writes no name: there the top-most one is the
border's because it puts one on every mail, and one that names a server is somebody else's.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

VALUE_CHARS_MAX = 8_000
RESULT = re.compile(r"^\s*([a-z0-9_-]+)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
METHODS = ("spf", "dkim", "dmarc", "arc", "compauth")
"""With one of these a header begins that names no server."""
FROM_DOMAIN = re.compile(r"(?:^|\s)header\.from\s*=\s*([^\s;]+)", re.IGNORECASE)


class Standing(StrEnum):
    """How far the sender's domain vouches for a mail."""

    VOUCHED = "vouched"  # DMARC passed for the domain in From
    UNKNOWN = "unknown"  # nobody looked, or the domain says nothing
    REFUSED = "refused"  # its domain disowns it


def standing_of(values: Sequence[str], *, authserv: str, domain: str, nameless: bool = False) -> Standing:
    """
    Args:
        values: of the Authentication-Results headers, top-most first.
        authserv: the name our border signs with; empty where no border of ours looks.
        domain: of the address in From.
        nameless: our border writes no name, and writes a header on every mail.
    """
    results = _results(values[0][:VALUE_CHARS_MAX], authserv, nameless) if values else []
    spoken = [part for part in results if _method(part)[0] == "dmarc"]
    if len(spoken) != 1 or not domain:
        return Standing.UNKNOWN
    verdict = _method(spoken[0])[1]
    if verdict == "fail":
        return Standing.REFUSED
    told = FROM_DOMAIN.search(spoken[0])
    aligned = told is not None and _plain(told.group(1).rpartition("@")[2]) == _plain(domain)
    return Standing.VOUCHED if verdict == "pass" and aligned else Standing.UNKNOWN


def _results(value: str, authserv: str, nameless: bool) -> list[str]:
    """The results, if this is our border's header."""
    named, *results = _unquoted(value).split(";")
    if nameless:
        return [named, *results] if _method(named)[0] in METHODS else []
    words = named.split() if authserv else []
    return results if words and _plain(words[0]) == _plain(authserv) else []


def _unquoted(value: str) -> str:
    """Without comments and quoted strings: a sender chooses what stands in them, and must not add results.

    Nothing is left of a value in which one of them does not end.
    """
    left: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
            left.append("_")
        elif character in "()" and not quoted:
            depth = max(depth + (1 if character == "(" else -1), 0)
            left.append(" ")
        elif not quoted and not depth:
            left.append(character)
    return "" if quoted or depth else "".join(left)


def _method(result: str) -> tuple[str, str]:
    found = RESULT.match(result)
    return (found.group(1).lower(), found.group(2).lower()) if found else ("", "")


def _plain(domain: str) -> str:
    try:
        return domain.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        return domain.strip().rstrip(".").lower()
