"""What the DKIM-Signature fields of a mail say of themselves (RFC 6376, 3.5), whether they hold or not."""

from channels.email.domain import ascii_domain
from channels.email.letter import Signature
from channels.email.reading.header import Headers


def signatures(headers: Headers) -> tuple[Signature, ...]:
    """Every one, top-most first; what cannot be read is a signature of nobody's that covers nothing."""
    return tuple(_signature(value) for value in headers.all("dkim-signature"))


def _signature(value: str) -> Signature:
    pairs = [tag.partition("=") for tag in "".join(value.split()).split(";") if tag]
    tags = {name: said for name, _, said in pairs}
    if len(tags) < len(pairs):  # which of two counts, nobody can tell
        return Signature()
    names = dict.fromkeys(tags.get("h", "").lower().split(":"))
    return Signature(
        domain=ascii_domain(tags.get("d", "")),
        selector=tags.get("s", "").lower(),
        value=tags.get("b", ""),
        names=() if "l" in tags else tuple(name for name in names if name),  # with `l` more may stand behind the body
    )
