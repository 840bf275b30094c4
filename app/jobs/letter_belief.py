"""How far a letter's sender is believed, and which of its pointers whoever vouches for them does not answer for."""

from app.mail_settings import MailDesk
from caseengine.policies.threading import NOTHING_UNSIGNED, Belief, Pointer
from channels.email.authentication import Standing, results_of, standing_of
from channels.email.covering import Coverage, coverage
from channels.email.letter import REPEATED, Letter


def belief_in(letter: Letter, sender: str | None, desk: MailDesk) -> tuple[Belief, frozenset[Pointer]]:
    """
    Args:
        sender: the address in From as contacts are known by it; None where it cannot be told.
    """
    domain = (sender or "").rpartition("@")[2]
    standing, covered = _by_signature(letter) if desk.resolver is not None else _by_border(letter, domain, desk)
    if standing is Standing.VOUCHED and (REPEATED in letter.odd or any(one not in covered for one in letter.rests_on)):
        standing = Standing.UNKNOWN
    return Belief(standing.value), _unsigned(letter, covered)


def _by_signature(letter: Letter) -> tuple[Standing, Coverage]:
    """What is not signed is a claim, no forgery: its server might have been the right one."""
    return Standing.VOUCHED if letter.signed else Standing.UNKNOWN, Coverage(frozenset(letter.signed))


def _by_border(letter: Letter, domain: str, desk: MailDesk) -> tuple[Standing, Coverage]:
    standing = standing_of(letter.authentication, authserv=desk.authserv, domain=domain, nameless=desk.nameless)
    results = results_of(letter.authentication, authserv=desk.authserv, nameless=desk.nameless)
    return standing, coverage(results, letter.signatures, domain)


def _unsigned(letter: Letter, covered: Coverage) -> frozenset[Pointer]:
    """A field that nobody answers for may have been added later."""
    named = {"in-reply-to": bool(letter.in_reply_to), "references": bool(letter.references)}
    added = any(there and name not in covered for name, there in named.items())
    return frozenset({Pointer.OWN_MAIL}) if added else NOTHING_UNSIGNED
