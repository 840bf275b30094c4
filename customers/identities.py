"""By what a contact is known: an address, a number, an id another system gave them; each kind in one written form."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from customers.errors import IdentityInvalid

TYPED_MAX = 400
"""Characters looked at at all."""
ACCOUNT_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9./_-]{0,38}[A-Z0-9])?")
LOYALTY_NUMBER = re.compile(r"[A-Z0-9]{4,40}")
TEAMS_ID = re.compile(r"[0-9a-f-]{36}\|[0-9a-f-]{36}")


class IdentityKind(StrEnum):
    """What kind of thing identifies."""

    EMAIL = "email"
    PHONE = "phone"
    ACCOUNT = "account"
    LOYALTY = "loyalty"
    TEAMS = "teams"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Identity:
    """One way to know a contact.

    Attributes:
        value: normalised, see `normalise`.
        source: who told us: an import, an agent, the contact, a token's issuer.
        on_file: proof may rest on it. False for an address its owner has not yet proved: it recognises nobody.
    """

    kind: IdentityKind
    value: str
    source: str
    since: datetime
    on_file: bool = True


def normalise(kind: IdentityKind | str, typed: str, *, region: str = "GB") -> str:
    """The one written form of what was typed; nothing is looked up anywhere.

    Args:
        region: ISO 3166 code that telephone numbers without a country code belong to.

    Returns:
        email: lower case, domain in ASCII; phone: E.164; account and loyalty numbers: upper case without spaces;
        teams: `tenant|object id`; web: `issuer|subject` as it is.

    Raises:
        IdentityInvalid: it cannot be one of this kind.
    """
    kind = IdentityKind(kind)
    if kind is IdentityKind.EMAIL and not _one_mailbox(typed):
        raise IdentityInvalid(kind)
    cleaned = unicodedata.normalize("NFKC" if kind is not IdentityKind.WEB else "NFC", typed).strip()
    if not cleaned or len(cleaned) > TYPED_MAX or not cleaned.isprintable():
        raise IdentityInvalid(kind)
    return NORMALISERS[kind](cleaned, region)


def _one_mailbox(typed: str) -> bool:
    """Whether what stands before the @ is written, as in lower case, in a way that nothing is folded to.

    Full-width letters, "ª" and the Kelvin sign make another mailbox: its mail goes to somebody else, and its domain
    vouches for that one. A keyboard for full-width letters may mean the plain ones, but nobody can tell: who typed them
    is asked again. Domains are folded: the DNS knows one form.
    """
    local = typed.rpartition("@")[0]
    return bool(local) and all(unicodedata.is_normalized("NFKC", one) for one in (local, local.lower()))


def _email(typed: str, _: str) -> str:
    try:
        # No look-up in the DNS: what is on file decides, and `.test` is what tests and trials use.
        found = validate_email(typed.strip("<>"), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise IdentityInvalid(IdentityKind.EMAIL) from error
    if "." not in found.ascii_domain:
        raise IdentityInvalid(IdentityKind.EMAIL)
    return f"{found.local_part.lower()}@{found.ascii_domain.lower()}"


def _phone(typed: str, region: str) -> str:
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise IdentityInvalid(IdentityKind.PHONE) from error
    if not phonenumbers.is_possible_number(number):
        raise IdentityInvalid(IdentityKind.PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _account(typed: str, _: str) -> str:
    return _matching(IdentityKind.ACCOUNT, ACCOUNT_NUMBER, re.sub(r"\s", "", typed).upper())


def _loyalty(typed: str, _: str) -> str:
    return _matching(IdentityKind.LOYALTY, LOYALTY_NUMBER, re.sub(r"[\s-]", "", typed).upper())


def _teams(typed: str, _: str) -> str:
    return _matching(IdentityKind.TEAMS, TEAMS_ID, typed.lower())


def _web(typed: str, _: str) -> str:
    return _matching(IdentityKind.WEB, re.compile(r"[^|]+\|.+"), typed)


def _matching(kind: IdentityKind, pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise IdentityInvalid(kind)
    return value


NORMALISERS: Mapping[IdentityKind, Callable[[str, str], str]] = {
    IdentityKind.EMAIL: _email,
    IdentityKind.PHONE: _phone,
    IdentityKind.ACCOUNT: _account,
    IdentityKind.LOYALTY: _loyalty,
    IdentityKind.TEAMS: _teams,
    IdentityKind.WEB: _web,
}
