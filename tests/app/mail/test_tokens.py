"""Where the token comes from that signs the desk in at a mail server; what is refused and said where there is none."""

import asyncio
import base64
import logging
import time

import pytest
from pydantic import SecretStr, ValidationError

from app.doctor import Verdict, mail_in
from app.doctor import mail as look_at_mail
from app.mail_tokens import mail_secret
from app.settings import Settings
from channels.email.sign_in import Secret, TokenMissing
from tests.channels.email.servers import certificate
from tests.channels.email.test_smtp import mail, sender
from tests.channels.email.test_smtp_token import DESK, Provider, failure_of, provider_at


async def knows_its_capabilities(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of an IMAP server as is talked to before anybody signs in."""
    writer.write(b"* OK here\r\n")
    async for line in reader:
        writer.write(b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n%s OK done\r\n" % line.split()[0])
    writer.close()


class TestWhereTheTokenComesFrom:
    def of(self, command: str) -> Secret:
        return mail_secret(command, None, None)

    async def test_what_the_command_prints_else_the_token_else_the_password(self):
        token, password = SecretStr("a token"), SecretStr("a password")
        assert await mail_secret("echo printed", token, password)() == "printed"
        assert await mail_secret("", token, password)() == "a token"
        assert await mail_secret("", None, password)() == "a password"
        assert await mail_secret("", None, None)() == ""

    @pytest.mark.parametrize(
        ("command", "why"),
        [
            ("echo s3cret; exit 3", "ended with 3"),
            ("true", "printed no token"),
            ("echo Error: s3cret is wrong", "printed no token"),
            ("printf 's3cret\\377 \\000'", "printed no token"),
            ("/no/such/s3cret", "ended with 127"),
        ],
    )
    async def test_a_command_that_fails_says_why_and_repeats_nothing(self, command: str, why: str):
        with pytest.raises(TokenMissing) as missing:
            await self.of(command)()
        assert why in str(missing.value)
        assert "s3cret" not in repr(missing.value)

    async def test_a_command_that_hangs_is_ended_with_all_it_has_started(self, monkeypatch, tmp_path):
        monkeypatch.setattr("app.mail_tokens.TOKEN_WITHIN_S", 0.3)
        began, beats = time.monotonic(), tmp_path / "beats"
        with pytest.raises(TokenMissing, match="longer than"):
            await self.of(f"(while :; do echo >> {beats}; sleep 0.05; done) & wait")()
        assert time.monotonic() - began < 5
        size = beats.stat().st_size
        await asyncio.sleep(0.3)
        assert beats.stat().st_size == size > 0

    async def test_a_desk_that_stops_does_not_wait_for_the_command(self, tmp_path):
        beats = tmp_path / "beats"
        asking = asyncio.create_task(self.of(f"while :; do echo >> {beats}; sleep 0.05; done")())
        while not beats.exists():  # noqa: ASYNC110 (it is another process that writes it)
            await asyncio.sleep(0.02)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0.1)
        size = beats.stat().st_size
        await asyncio.sleep(0.3)
        assert beats.stat().st_size == size

    async def test_a_mail_without_a_token_waits_and_nothing_of_it_is_logged(self, tmp_path, caplog):
        provider = Provider("t0k3n")
        async with provider_at(provider, tmp_path) as (port, by_token):
            with caplog.at_level(logging.DEBUG):
                failed = await failure_of(sender(port, secret=self.of("echo t0k3n >&2; exit 1"), **by_token))
                await sender(port, secret=self.of("echo t0k3n"), **by_token).send(mail(), key="k")
        assert (str(failed), failed.retry) == ("no access token: the command ended with 1", True)
        assert "t0k3n" not in caplog.text
        assert base64.b64encode(b"t0k3n").decode()[:6] not in caplog.text


class TestSettings:
    @pytest.mark.parametrize("way", ["smtp", "imap"])
    @pytest.mark.parametrize("token", [{"token": "s3cret"}, {"token_command": "print s3cret"}])
    @pytest.mark.parametrize(
        ("beside", "named"),
        [({"security": "tls"}, "USERNAME"), ({"security": "plain", "username": DESK}, "SECURITY")],
    )
    def test_a_token_that_cannot_be_used_is_refused(
        self, way: str, token: dict[str, str], beside: dict[str, str], named: str
    ):
        written = {f"{way}_{key}": value for key, value in {**token, **beside, "host": "127.0.0.1"}.items()}
        with pytest.raises(ValidationError, match=f"NIGHTDESK_{way.upper()}_{named}") as refused:
            Settings.model_validate(written)
        assert "s3cret" not in str(refused.value)

    def test_no_secret_is_shown(self):
        shown = repr(Settings(smtp_token=SecretStr("s3cret"), smtp_username=DESK))
        assert "s3cret" not in shown


class TestDoctor:
    async def test_it_signs_in_by_token_and_says_what_is_missing(self, tmp_path):
        provider = Provider()
        async with provider_at(provider, tmp_path) as (port, by_token):
            settings = Settings.model_validate(
                {
                    "smtp_host": "127.0.0.1",
                    "smtp_port": port,
                    "smtp_trust": by_token["trust"],
                    "smtp_username": DESK,
                    "smtp_token_command": "echo fresh",
                }
            )
            good = await look_at_mail(settings)
            stale = await look_at_mail(settings.model_copy(update={"smtp_token_command": "echo stale"}))
            none = await look_at_mail(settings.model_copy(update={"smtp_token_command": "exit 1"}))
        assert (good.verdict, good.found) == (Verdict.GOOD, f"127.0.0.1:{port} takes us, starttls, by access token")
        assert (stale.verdict, stale.found.partition(": ")[2]) == (
            Verdict.BAD,
            "no connection: SMTPAuthenticationError 535",
        )
        assert (none.verdict, none.found.partition(": ")[2]) == (
            Verdict.BAD,
            "no access token: the command ended with 1",
        )
        assert "_TOKEN_COMMAND" in none.remedy
        assert provider.taken == []

    async def test_a_server_beyond_this_machine_without_tls_is_named(self):
        found = await look_at_mail(Settings(smtp_host="mail.example", smtp_security="plain"))
        assert (found.verdict, "loopback" in found.found) == (Verdict.BAD, True)

    async def test_a_mailbox_whose_token_command_fails_is_named(self, tmp_path):
        context, trust = certificate(tmp_path)
        server = await asyncio.start_server(knows_its_capabilities, "127.0.0.1", 0, ssl=context)
        async with server:
            written = {
                "imap_host": "127.0.0.1",
                "imap_port": server.sockets[0].getsockname()[1],
                "imap_trust": trust,
                "imap_username": DESK,
                "imap_token_command": "echo s3cret; exit 1",
            }
            mailbox, *_ = [finding async for finding in mail_in(Settings.model_validate(written))]
        assert mailbox.verdict is Verdict.BAD
        assert mailbox.found.endswith("no access token: the command ended with 1")

    @pytest.mark.parametrize(("installed", "lines"), [(True, 0), (False, 1)])
    async def test_what_outlook_wraps_stays_wrapped_where_nothing_opens_it(self, installed, lines, monkeypatch):
        monkeypatch.setattr("app.doctor.find_spec", lambda name: object() if installed else None)
        said = [finding async for finding in mail_in(Settings(mail_listen="lmtp://127.0.0.1:1"))]
        wrapped = [finding for finding in said if "winmail.dat" in finding.found]
        assert [(finding.verdict, "tnefparse" in finding.remedy) for finding in wrapped] == [
            (Verdict.NOTE, True)
        ] * lines
