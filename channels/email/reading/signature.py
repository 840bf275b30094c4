"""Whether the domain in From answers for a mail: its DKIM signature holds, and it publishes a DMARC policy.

For desks without a border server that looks (RFC 6376, RFC 7489). SPF is not judged: behind a mailbox nobody knows
which server a mail came from. So a mail without a signature is a claim, never a forgery.
"""

import time
from collections.abc import Callable, Collection, Iterator

import dkim
import dns.exception
import dns.resolver

from channels.email.domain import ascii_domain, covers
from channels.email.reading.header import raw_text
from channels.email.reading.mime import head

SIGNED_BYTES_MAX = 5 * 1024 * 1024
"""Beyond it a signature is not looked at: checking takes as long as reading."""
SIGNATURES_MAX = 3
"""Of the sender's domain. A list or a relay adds its own, of other domains."""
ALGORITHMS = (b"rsa-sha256", b"ed25519-sha256")
KEY_BITS_MIN = 1_024
POLICY = b"v=dmarc1"
ALL_S_MAX = 4.0
"""For all questions to the DNS about one mail."""

Texts = Callable[[str], bytes]
"""The TXT record of a name; empty where there is none, or nobody answers in time."""


def signed_fields(raw: bytes, address: str, texts: Texts, *, needed: Collection[str]) -> tuple[str, ...]:
    """What of the mail the sender's domain signed, where it says that it signs.

    A signature counts if its domain is the one in From or stands above it. The other way round, which DMARC allows as
    well, needs a list of all public suffixes; it counts for nothing here. Nor does one that leaves out what is needed:
    who has a mail of somebody's could put another Subject above it.

    Args:
        raw: as it is read; where the library that checks finds other fields in it, nothing is signed.
        address: the one in From.
        needed: see `Letter.rests_on`.

    Returns:
        Names of header fields in lower case, present or not; empty: the mail is not signed.
    """
    if len(raw) > SIGNED_BYTES_MAX:
        return ()
    domain = ascii_domain(address.rpartition("@")[2])
    try:
        mail = dkim.DKIM(raw, minkey=KEY_BITS_MIN)
        return _signed_fields(mail, domain, texts, needed) if domain and _reads_alike(mail, raw) else ()
    except (dkim.DKIMException, ValueError):
        return ()  # no mail or no key that means anything


def _reads_alike(mail: dkim.DKIM, raw: bytes) -> bool:
    """Whether what is checked is what is read, field by field: else words would be vouched for that nobody signed."""
    checked = [(name.decode("ascii").lower(), _unspaced(raw_text(value))) for name, value in mail.headers]
    return checked == [(name, _unspaced(value)) for name, value in head(raw).fields]


def _unspaced(value: str) -> str:
    return "".join(value.split())


def _signed_fields(mail: dkim.DKIM, domain: str, texts: Texts, needed: Collection[str]) -> tuple[str, ...]:
    aligned = [(place, signer) for place, signer in _signers(mail) if covers(signer, domain)][:SIGNATURES_MAX]
    policy = texts(f"_dmarc.{domain}") if aligned else b""
    for place, signer in aligned:
        if _agrees(policy, signer, domain, texts) and _holds(mail, place, texts):
            names = tuple(name.decode("ascii") for name in mail.include_headers)
            if set(needed) <= set(names):
                return names
    return ()


def ask(resolver: str) -> Texts:
    """What asks the DNS.

    Args:
        resolver: `ADDRESS` or `ADDRESS:PORT` of the server to ask; the system's where empty.
    """
    asked = dns.resolver.Resolver(configure=not resolver)
    if resolver:
        address, _, port = resolver.partition(":")
        asked.nameservers, asked.port = [address], int(port or 53)
    until = time.monotonic() + ALL_S_MAX

    def texts(name: str) -> bytes:
        left = until - time.monotonic()
        if left <= 0:
            return b""
        try:
            found = asked.resolve(name, "TXT", lifetime=left)
        except (dns.exception.DNSException, OSError, ValueError):
            return b""
        return b"".join(next(iter(found)).strings)

    return texts


def _signers(mail: dkim.DKIM) -> Iterator[tuple[int, str]]:
    """The place of each signature that is worth a look among all, and the domain it is of."""
    signatures = [value for name, value in mail.headers if name.lower() == b"dkim-signature"]
    for place, value in enumerate(signatures):
        try:
            fields = dkim.util.parse_tag_value(value)
            domain = fields[b"d"].decode("ascii").lower()
        except (dkim.util.InvalidTagValueList, KeyError, UnicodeDecodeError):
            continue
        if fields.get(b"a") in ALGORITHMS and b"l" not in fields:  # with `l` anything may stand behind what is signed
            yield place, domain


def _agrees(policy: bytes, signer: str, domain: str, texts: Texts) -> bool:
    """The domain has a policy, or the one above that signed; and the policy does not ask for the very same domain."""
    said = policy if signer == domain or policy else texts(f"_dmarc.{signer}")
    tags = [tag.strip().lower().replace(b" ", b"") for tag in said.split(b";")]
    return tags[0] == POLICY and (signer == domain or b"adkim=s" not in tags)


def _holds(mail: dkim.DKIM, place: int, texts: Texts) -> bool:
    try:
        return bool(mail.verify(place, dnsfunc=lambda name, **_: texts(name.decode("ascii").rstrip("."))))
    except dkim.DKIMException:
        return False  # the next may
