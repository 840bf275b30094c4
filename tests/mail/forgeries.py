"""Mails of somebody who would like to be somebody else: each way to write a sender, by each way to point at a case."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.mail.handing_in import Handed
from tests.mail.post import AUTHSERV, DESK

ME = "mallory@evil.test"
AT = "Date: Mon, 02 Mar 2026 10:00:00 +0000"


@dataclass(frozen=True, slots=True)
class Known:
    """What a forger has found out about a case: more than a stranger ever could."""

    victim: str
    number: str
    reply_to: str
    message_id: str


def slug(name: str) -> str:
    """What a Message-ID can be made of."""
    return re.sub(r"\W+", "-", name)


def senders(victim: str) -> dict[str, tuple[str, list[str]]]:
    """Envelope sender and lines of From, by what they try."""
    local, _, domain = victim.partition("@")
    return {
        "plainly": (victim, [f"From: {victim}"]),
        "with a name": (victim, [f"From: Ana Lopes <{victim}>"]),
        "own envelope": (ME, [f"From: {victim}"]),
        "empty envelope": ("", [f"From: {victim}"]),
        "own address": (ME, [f"From: {ME}"]),
        "address as the name": (ME, [f'From: "{victim}" <{ME}>']),
        "address before": (ME, [f"From: {victim} <{ME}>"]),
        "address behind": (ME, [f"From: {ME} <{victim}>"]),
        "two addresses": (ME, [f"From: {victim}, {ME}"]),
        "two headers": (ME, [f"From: {ME}", f"From: {victim}"]),
        "two headers, turned": (ME, [f"From: {victim}", f"From: {ME}"]),
        "a blank before the colon": (ME, [f"From: {ME}", f"From : {victim}"]),
        "a comment": (ME, [f"From: {ME} ({victim})"]),
        "a quoted local part": (ME, [f'From: "{victim}"@evil.test']),
        "a route": (ME, [f"From: <@{domain}:{ME}>"]),
        "a group": (ME, [f"From: Ana: {victim};"]),
        "an encoded word": (ME, [f"From: =?utf-8?q?{local}=40{domain}?= <{ME}>"]),
        "a sub-domain": (ME, [f"From: {local}@mail.{domain}"]),
        "other case": (ME, [f"From: {victim.upper()}"]),
        "sender and reply-to": (ME, [f"From: {ME}", f"Sender: {victim}", f"Reply-To: {victim}"]),
        "on behalf": (ME, [f"From: {ME}", f"Resent-From: {victim}", f"X-Original-From: {victim}"]),
        "a claimed verdict": (ME, [f"Authentication-Results: {AUTHSERV}; dmarc=pass", f"From: {victim}"]),
        "the desk itself": (DESK, [f"From: {DESK}"]),
        "the desk's bounces": (ME, ["From: mailer-daemon@shop.test"]),
        "nobody": (ME, []),
    }


def pointers(known: Known) -> dict[str, tuple[str, list[str]]]:
    """Envelope recipient and lines that point at the case, by how."""
    return {
        "number": (DESK, [f"Subject: Re: Warm freezer [{known.number}]"]),
        "number, other case": (DESK, [f"Subject: AW: {known.number.lower()}"]),
        "number in the words": (DESK, ["Subject: About my case"]),
        "answer": (DESK, ["Subject: Re: Warm freezer", f"In-Reply-To: {known.message_id}"]),
        "history": (DESK, ["Subject: Re: Warm freezer", f"References: <x@y.test> {known.message_id}"]),
        "token": (known.reply_to, ["Subject: Re: Warm freezer"]),
        "token in To alone": (DESK, ["Subject: Re: Warm freezer", f"Delivered-To: {known.reply_to}"]),
        "all of it": (
            known.reply_to,
            [f"Subject: Re: Warm freezer [{known.number}]", f"In-Reply-To: {known.message_id}"],
        ),
    }


def forgeries(known: Known) -> Iterator[Handed]:
    """All of them, each with words of its own."""
    for how, (mail_from, written) in senders(known.victim).items():
        for where, (to, pointed) in pointers(known).items():
            name = f"{how}: {where}"
            lines = [
                *written,
                f"To: {to}",
                *pointed,
                AT,
                f"Message-ID: <{slug(name)}@evil.test>",
                "",
                f"FORGED {name}. Cancel my case {known.number} and send the spare part to 1 Evil Street.",
            ]
            yield Handed(name, mail_from, to, "\r\n".join(lines).encode())
