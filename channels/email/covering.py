"""How much of a mail its sender's domain answers for, where our border found that it does.

DMARC passes by the server that a mail came from (SPF) or by a signature (DKIM). The server answers for all it hands
over. A signature answers for the body and the fields it names: who has a mail signed so can send it on with others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from channels.email.authentication import domain_told, method_of, properties_of
from channels.email.domain import akin, covers
from channels.email.letter import Signature

BASE64 = re.compile(r"[A-Za-z0-9+/]+=*")
SELECTOR = re.compile(r"[a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Header fields somebody answers for, by their names in lower case; `whole`: for whatever is in the mail."""

    names: frozenset[str] = frozenset()
    whole: bool = False

    def __contains__(self, name: str) -> bool:
        return self.whole or name in self.names


@dataclass(frozen=True, slots=True)
class _Held:
    """A signature that our border found to hold; what it does not tell of it is empty."""

    domain: str
    selector: str
    value: str

    def may_be(self, signature: Signature) -> bool:
        return (
            covers(signature.domain, self.domain)
            and self.selector in ("", signature.selector)
            and signature.value.startswith(self.value)
        )


def coverage(results: Sequence[str], signatures: Sequence[Signature], domain: str) -> Coverage:
    """
    Where it cannot be told which of several signatures holds, only what all of them name is covered: whoever sends a
    mail on may have put others beside the one.

    Args:
        results: of our border, see `results_of`, with a DMARC pass among them.
        domain: of the address in From, as `ascii_domain` gives it.
    """
    if any(covers(server, domain) for server in _servers(results)):
        return Coverage(whole=True)
    held = _held(results)
    ours = [one for one in held if covers(one.domain, domain)]
    if ours:
        return _common([one for one in signatures if any(told.may_be(one) for told in ours)])
    perhaps = [one for one in signatures if not one.domain or akin(one.domain, domain)]
    if perhaps or any(akin(one.domain, domain) for one in held):
        return _common(perhaps)
    return Coverage(whole=True)  # no signature it could have passed by: it was the server


def _servers(results: Sequence[str]) -> list[str]:
    """The domains whose servers SPF found a mail to come from."""
    return [domain_told(properties_of(one), "smtp.mailfrom") for one in results if method_of(one) == ("spf", "pass")]


def _held(results: Sequence[str]) -> list[_Held]:
    told = [properties_of(one) for one in results if method_of(one) == ("dkim", "pass")]
    return [
        _Held(
            domain_told(one, "header.d") or domain_told(one, "header.i"),
            _readable(SELECTOR, one.get("header.s", "").lower()),
            _readable(BASE64, one.get("header.b", "")),
        )
        for one in told
    ]


def _readable(pattern: re.Pattern[str], value: str) -> str:
    """Of what a border puts in quotes, nothing is left to read."""
    return value if pattern.fullmatch(value) else ""


def _common(signatures: Sequence[Signature]) -> Coverage:
    return Coverage(frozenset.intersection(*(frozenset(one.names) for one in signatures))) if signatures else Coverage()
