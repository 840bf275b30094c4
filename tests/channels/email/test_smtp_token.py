"""Sending as hosted mailboxes want it: an access token in place of a password, at a server that takes nothing else."""

import asyncio
import base64
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from channels.email.sign_in import known
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from channels.protocol import DeliveryFailed
from tests.channels.email.servers import Scripted, certificate, serving
from tests.channels.email.test_smtp import mail, sender

DESK = "support@shop.test"
CHALLENGE = b'{"status":"401","schemes":"Bearer","scope":"https://mail.google.com/"}'


class Provider(Scripted):
    """Takes one token alone, from one mailbox; another is told why not in a challenge, then refused."""

    def __init__(self, good: str = "fresh", *, refusal: str = "535 5.7.3 Authentication unsuccessful") -> None:
        super().__init__()
        self.good, self.refusal = good, refusal
        self.shown: list[str] = []
        self.answers_to_challenge: list[bytes] = []

    async def auth_XOAUTH2(self, server, args):
        user, bearer, *rest = base64.b64decode(args[1]).split(b"\x01")
        assert (user, rest) == (f"user={DESK}".encode(), [b"", b""])
        self.shown.append(bearer.removeprefix(b"auth=Bearer ").decode())
        if self.shown[-1] == self.good:
            return AuthResult(success=True)
        self.answers_to_challenge.append(await server.challenge_auth(CHALLENGE))
        return AuthResult(success=False, handled=False, message=self.refusal)


class Source:
    """Gives tokens one after another; the last one for good."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.asked = list(tokens), 0

    async def __call__(self) -> str:
        self.asked += 1
        await asyncio.sleep(0.05)
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]


@asynccontextmanager
async def provider_at(provider: Provider, folder: Path, **changes):
    """Its port, and the settings by which it is trusted."""
    context, trust = certificate(folder)
    only_tokens: dict[str, Any] = {
        "tls_context": context,
        "auth_required": True,
        "auth_exclude_mechanism": ["LOGIN", "PLAIN"],
    }
    async with serving(provider, **only_tokens) as port:
        yield port, {"security": "starttls", "trust": trust, "username": DESK, "oauth": True, **changes}


async def failure_of(sending: SmtpSender) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        await sending.send(mail(), key="k")
    return failure.value


async def test_a_token_lets_in_and_is_kept_for_the_next_mails(tmp_path):
    provider, source = Provider(), Source("fresh", "other")
    async with provider_at(provider, tmp_path) as (port, by_token):
        sending = sender(port, secret=source, **by_token)
        await asyncio.gather(*(sending.send(mail(), key=str(number)) for number in range(4)))
    assert (len(provider.taken), provider.shown, source.asked) == (4, ["fresh"] * 4, 1)
    assert provider.encrypted == [True] * 4


async def test_a_token_that_has_run_out_is_renewed_once_however_many_mails_were_refused(tmp_path):
    provider, source = Provider("old"), Source("old", "fresh", "never")
    async with provider_at(provider, tmp_path) as (port, by_token):
        sending = sender(port, secret=source, **by_token)
        await sending.send(mail(), key="before")
        provider.good = "fresh"
        await asyncio.gather(*(sending.send(mail(), key=str(number)) for number in range(4)))
    assert (len(provider.taken), source.asked) == (5, 2)
    assert sorted(provider.shown) == ["fresh"] * 4 + ["old"] * 5
    assert provider.answers_to_challenge == [b""] * 4, "the challenge that says why wants an empty line"


async def test_a_mail_whose_renewed_token_is_refused_too_waits(tmp_path):
    provider, source = Provider("another"), Source("one", "two", "three")
    async with provider_at(provider, tmp_path) as (port, by_token):
        failed = await failure_of(sender(port, secret=source, **by_token))
    assert (failed.retry, failed.ambiguous, source.asked, provider.shown) == (True, False, 2, ["one", "two"])
    assert str(failed) == "no connection: SMTPAuthenticationError 535"


async def test_the_same_token_is_not_shown_twice(tmp_path):
    provider = Provider()
    async with provider_at(provider, tmp_path) as (port, by_token):
        assert (await failure_of(sender(port, secret=known("stale"), **by_token))).retry
    assert provider.shown == ["stale"], "providers lock out who tries again and again"


async def test_who_is_refused_for_another_reason_gets_no_new_token(tmp_path):
    provider, source = Provider(refusal="454 4.7.0 Try later"), Source("one", "two")
    async with provider_at(provider, tmp_path) as (port, by_token):
        assert (await failure_of(sender(port, secret=source, **by_token))).retry
    assert (provider.shown, source.asked) == (["one"], 1)


async def test_a_server_that_is_not_trusted_or_takes_no_tokens_sees_none(tmp_path):
    provider = Provider()
    async with provider_at(provider, tmp_path, trust=None) as (port, by_token):
        assert (await failure_of(sender(port, secret=known("fresh"), **by_token))).retry
    context, trust = certificate(tmp_path)
    options: dict[str, Any] = {"tls_context": context, "auth_required": True, "auth_exclude_mechanism": ["XOAUTH2"]}
    async with serving(provider, **options) as port:
        by_token = {"security": "starttls", "trust": trust, "username": DESK, "oauth": True}
        assert (await failure_of(sender(port, secret=known("fresh"), **by_token))).retry
    assert provider.shown == []


async def test_a_token_does_not_travel_in_plain_text_even_on_the_loopback():
    with pytest.raises(ValueError, match="TLS only"):
        SmtpSettings("127.0.0.1", 25, DESK, "Shop", security="plain", username=DESK, secret=known("t"), oauth=True)
