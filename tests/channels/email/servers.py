"""Real SMTP servers on the loopback that behave well or badly, and a certificate nobody trusts."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Hook = Callable[..., Any]


class Scripted:
    """A handler that answers as told: `at_rcpt` and `at_data` are replies, or "drop" to hang up.

    `at_address` has replies for single recipients, `at_data_for` those to the text; it is silent at who is in `stalls`.
    """

    def __init__(self, *, at_rcpt: str = "250 OK", at_data: str = "250 Taken") -> None:
        self.at_rcpt, self.at_data = at_rcpt, at_data
        self.at_address: dict[str, str] = {}
        self.at_data_for: dict[str, str] = {}
        self.stalls: set[str] = set()
        self.stalled = asyncio.Event()
        self.taken: list[bytes] = []
        self.encrypted: list[bool] = []
        self.senders: list[str] = []
        self.recipients: list[list[str]] = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.stalls:
            self.stalled.set()
            await asyncio.Event().wait()
        if address in self.at_address:
            return self.at_address[address]
        if self.at_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        if self.at_rcpt == "drop":
            server.transport.abort()
        return self.at_rcpt

    async def handle_DATA(self, server, session, envelope):
        reply = self.at_data_for.get(envelope.rcpt_tos[0], self.at_data)
        if reply == "drop":
            server.transport.abort()
        self.taken.append(envelope.content)
        self.encrypted.append(session.ssl is not None)
        self.senders.append(envelope.mail_from)
        self.recipients.append(list(envelope.rcpt_tos))
        return reply


@asynccontextmanager
async def serving(handler: Scripted, *, ssl_at_once: ssl.SSLContext | None = None, **options) -> AsyncIterator[int]:
    """The port of a server with this handler."""
    connections: list[SMTP] = []

    def connection() -> SMTP:
        connections.append(SMTP(handler, hostname="localhost", **options))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0, ssl=ssl_at_once)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for protocol in connections:
            if protocol.transport is not None:
                protocol.transport.close()
        await server.wait_closed()
        await asyncio.sleep(0)


def only_ana(server, session, envelope, mechanism, data) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ana", b"right"))


def certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server's TLS context with a certificate of its own making, and the PEM file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return context, str(public)
