"""What our own border server says of a sender: Authentication-Results, RFC 8601.

Anybody can write such a header. Believed is only the top-most one, and only under the name of our own border, which
puts its own on top of whatever a mail brings along. Microsoft 365 writes no name: there the top-most one is the
border's because it puts one on every mail, and one that names a server is somebody else's.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from channels.email.domain import ascii_domain

VALUE_CHARS_MAX = 8_000
RESULT = re.compile(r"^\s*([a-z0-9_-]+)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
METHODS = ("spf", "dkim", "dmarc", "arc", "compauth")
"""With one of these a header begins that names no server."""
PROPERTY = re.compile(r"(?:^|\s)((?:header|smtp)\.[a-z]+)\s*=\s*([^\s;]+)", re.IGNORECASE)


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
    results = results_of(values, authserv=authserv, nameless=nameless)
    spoken = [part for part in results if method_of(part)[0] == "dmarc"]
    if len(spoken) != 1 or not domain:
        return Standing.UNKNOWN
    verdict = method_of(spoken[0])[1]
    if verdict == "fail":
        return Standing.REFUSED
    told = domain_told(properties_of(spoken[0]), "header.from")
    aligned = bool(told) and told == ascii_domain(domain)
    return Standing.VOUCHED if verdict == "pass" and aligned else Standing.UNKNOWN


def results_of(values: Sequence[str], *, authserv: str, nameless: bool = False) -> list[str]:
    """What our border found, a result each: of the top-most header if it is our border's, else nothing.

    Args:
        see `standing_of`.
    """
    if not values:
        return []
    named, *results = _unquoted(values[0][:VALUE_CHARS_MAX]).split(";")
    if nameless:
        return [named, *results] if method_of(named)[0] in METHODS else []
    words = named.split() if authserv else []
    return results if words and _same_server(words[0], authserv) else []


def method_of(result: str) -> tuple[str, str]:
    """What was looked at and what was found, such as "dkim" and "pass"; empty where it cannot be read."""
    found = RESULT.match(result)
    return (found.group(1).lower(), found.group(2).lower()) if found else ("", "")


def properties_of(result: str) -> Mapping[str, str]:
    """What the result is about, such as "header.d"; of what is named twice, nothing."""
    found = [(name.lower(), value) for name, value in PROPERTY.findall(result)]
    names = [name for name, _ in found]
    return {name: value for name, value in found if names.count(name) == 1}


def domain_told(properties: Mapping[str, str], name: str) -> str:
    """The domain, or that of the address, in a property; empty where there is none."""
    return ascii_domain(properties.get(name, "").rpartition("@")[2])


def _same_server(one: str, other: str) -> bool:
    """A server's name need not be a domain."""
    plain = [name.strip().rstrip(".").lower() for name in (one, other)]
    return plain[0] == plain[1] or (bool(ascii_domain(one)) and ascii_domain(one) == ascii_domain(other))


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
