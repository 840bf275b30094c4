"""DKIM: our mails are signed for our domain, with a key the company keeps and publishes (RFC 6376)."""

from collections.abc import Callable

from channels.email.domain import ascii_domain

SIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"reply-to",
    b"mime-version", b"content-type", b"auto-submitted", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip


def signer(domain: str, selector: str, key: bytes) -> Callable[[bytes], bytes]:
    """What puts a DKIM-Signature on top of a mail.

    Args:
        key: the private RSA key in PEM.

    Raises:
        ValueError: no such name, or no key that can sign.
    """
    signing = ascii_domain(domain)
    if not signing or not selector:
        raise ValueError("DKIM needs a domain and a selector")
    import dkim  # which brings a resolver along; a desk without a key starts sooner

    def sign(raw: bytes) -> bytes:
        try:
            signature = dkim.sign(
                raw,
                selector.encode("ascii"),
                signing.encode("ascii"),
                key,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=_present(raw),
            )
        except dkim.DKIMException as error:
            raise ValueError("the DKIM key cannot sign") from error
        signed: bytes = signature + raw
        return signed

    sign(b"From: desk@example.com\r\n\r\n")  # a wrong key is found at the start, not at the first mail
    return sign


def _present(raw: bytes) -> list[bytes]:
    """Those there are; From twice, so that none can be added."""
    header = raw.partition(b"\r\n\r\n")[0].lower()
    names = [line.partition(b":")[0].strip() for line in header.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    return [b"from", *(name for name in SIGNED if name in names)]
