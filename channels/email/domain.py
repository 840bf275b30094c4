"""The one written form in which domains of mail are compared: ASCII, by IDNA 2008."""

import unicodedata

from email_validator import EmailNotValidError, validate_email


def ascii_domain(written: str) -> str:
    """As the DNS has it, in lower case; empty for what is no domain that mail can come from.

    Python's own codec "idna" is of 2003 and takes fußball.example for fussball.example, which is somebody else's.
    Contacts are known by the form that this library makes (`customers.identities.normalise`); so a sender is judged by
    the same one, or one domain would be checked and another identified.
    """
    plain = unicodedata.normalize("NFKC", written).strip().removesuffix(".")
    try:
        return validate_email(f"a@{plain}", check_deliverability=False, test_environment=True).ascii_domain.lower()
    except EmailNotValidError:
        return ""


def ascii_address(written: str) -> str:
    """An address in lower case, to be compared with one of ours, whose domain may be a name inside a network."""
    local, at, domain = written.strip().lower().rpartition("@")
    return f"{local}{at}{ascii_domain(domain) or domain}"


def covers(upper: str, domain: str) -> bool:
    """Whether `upper` is the domain or stands above it; both as `ascii_domain` gives them."""
    return bool(upper) and (upper == domain or ("." in upper and domain.endswith(f".{upper}")))


def akin(one: str, other: str) -> bool:
    """Whether the two may belong together: whatever DMARC takes for aligned, and more (of shop.co.uk all of co.uk)."""
    return one.split(".")[-2:] == other.split(".")[-2:]
