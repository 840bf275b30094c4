"""Many mails at once, and raw ones: by SMTP to Exim from a host of the loopback, in one session."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass

from tests.mail.post import Post


@dataclass(frozen=True, slots=True)
class Handed:
    """One mail. `mail_from` is its envelope sender, `to` its envelope recipient."""

    name: str
    mail_from: str
    to: str
    raw: bytes


def hand_in(post: Post, mails: Sequence[Handed], host: str) -> dict[str, int]:
    """What was said to each, by name. Blocks."""
    fates: dict[str, int] = {}
    with smtplib.SMTP("127.0.0.1", post.smtp_port, "laptop.test", source_address=(host, 0)) as client:
        client.ehlo()
        for mail in mails:
            fates[mail.name] = _one(client, mail)
            if fates[mail.name] != 250:
                client.rset()
    return fates


def _one(client: smtplib.SMTP, mail: Handed) -> int:
    for code, _ in (client.mail(mail.mail_from), client.rcpt(mail.to)):
        if code >= 400:
            return code
    return client.data(mail.raw)[0]
