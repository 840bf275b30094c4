"""The environment, read once: `NIGHTDESK_*` variables become one frozen `Settings`; nothing else reads it."""

from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.teams.account import ISSUER, OPENID_URL, SCOPE, SERVICE_HOSTS, TOKEN_URL, AccountInvalid, TeamsAccount

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """How this installation runs. Every field is `NIGHTDESK_` and its name in capitals."""

    # What was set may be a secret: an error names the variable, never its value.
    model_config = SettingsConfigDict(env_prefix="NIGHTDESK_", frozen=True, extra="ignore", hide_input_in_errors=True)

    data: Path = Field(Path("data"), description="Folder of database, keys and models.")
    database_url: str = Field("", description="SQLAlchemy URL; SQLite in the data folder when empty.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field("", description="Scheme and host the world knows the desk by; where to listen when empty.")
    trusted_proxies: str = Field(
        "", description="Addresses or networks of reverse proxies whose X-Forwarded-For is believed, with commas."
    )
    demo: bool = Field(False, description="Load the demo company, catch its mails; loopback only.")
    company: str = Field("Larder & Lane", description="Name of the company, as customers read it.")
    fallback_department: str = Field("store-support", description="Slug of who takes what nobody could sort.")
    zone: str = Field("Europe/London", description="Time zone in which customers are told times.")
    encoder: bool = Field(True, description="Search by meaning; words alone when off.")
    smtp_host: str = Field("", description="Mail server that takes our mails; without one none goes out.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port; 587 for starttls, 465 for tls, as a rule.")
    smtp_security: Literal["tls", "starttls", "plain"] = Field(
        "starttls", description="How mail travels; plain is for a server on this machine alone."
    )
    smtp_username: str | None = Field(None, description="Name to sign in with at the mail server.")
    smtp_password: SecretStr | None = Field(None, description="Password for it.")
    smtp_token: SecretStr | None = Field(None, description="OAuth access token, in place of a password.")
    smtp_token_command: str = Field("", description="Command that prints a fresh OAuth access token.")
    smtp_trust: Path | None = Field(None, description="PEM file with the authority of its certificate.")
    mail_from: str = Field("desk@larder-lane.example", description="Address our mails come from.")
    chat_url: str = Field(
        "", description="Page of yours that has the chat: mails about an answer there lead back to it."
    )
    mail_addresses: str = Field("", description="Further addresses that mail comes in for, with commas.")
    mail_listen: str = Field(
        "",
        description="Where our mail server hands mail in: lmtp://HOST:PORT or smtp://HOST:PORT; off if empty.",
    )
    mail_listen_certificate: Path | None = Field(None, description="PEM file with chain and key, for STARTTLS there.")
    mail_authserv: str = Field(
        "", description="Name our own border server signs Authentication-Results with; empty: no sender is vouched for."
    )
    mail_border: Literal["named", "microsoft365", "signatures"] = Field(
        "named",
        description="microsoft365: the border writes Authentication-Results without a name, on top of every mail. "
        "signatures: no border looks, the desk checks DKIM signatures itself.",
    )
    mail_resolver: str = Field("", description="DNS server for that, ADDRESS or ADDRESS:PORT; the system's when empty.")
    imap_host: str = Field("", description="Mailbox to fetch mail from; none when empty.")
    imap_port: int = Field(993, ge=1, le=65535, description="Its port; 143 for starttls, as a rule.")
    imap_security: Literal["tls", "starttls", "plain"] = Field(
        "tls", description="How mail travels; plain is for a server on this machine alone."
    )
    imap_username: str = Field("", description="Name to sign in with at the mailbox.")
    imap_password: SecretStr | None = Field(None, description="Password for it.")
    imap_token: SecretStr | None = Field(None, description="OAuth access token, in place of a password.")
    imap_token_command: str = Field("", description="Command that prints a fresh OAuth access token.")
    imap_trust: Path | None = Field(None, description="PEM file with the authority of its certificate.")
    imap_folder: str = Field("INBOX", description="Folder that mail arrives in.")
    imap_processed: str = Field("Processed", description="Folder that mail is moved to once it is kept.")
    imap_failed: str = Field("Failed", description="Folder for mail the desk cannot fetch: too large.")
    mail_raw_days: int = Field(90, ge=1, description="Days that the bytes of a mail are kept once it is filed.")
    mail_aside_days: int = Field(365, ge=1, description="The same for mails set aside, which nobody could read.")
    routing_days: int = Field(
        365, ge=1, description="Days that a decision of routing is kept with its reasons, once its case has ended."
    )
    dkim_domain: str = Field("", description="Domain our mails are signed for; not signed when empty.")
    dkim_selector: str = Field("", description="Name of the key in that domain's DNS.")
    dkim_key_file: Path | None = Field(None, description="PEM file with the private key.")
    mail_limit_hour: int = Field(5, ge=1, description="Automatic mails to one proved address an hour, at most.")
    mail_limit_hour_unproved: int = Field(3, ge=1, description="The same for an address nobody has proved.")
    teams_app_id: str = Field("", description="Id of the bot registered with Microsoft; without one Teams is off.")
    teams_app_password: SecretStr | None = Field(None, description="Client secret of that registration.")
    teams_tenants: str = Field("", description="Ids of the Microsoft tenants whose people may write, with commas.")
    teams_app_tenant: str = Field(
        "", description="Tenant the bot is registered in; empty for an old registration for several."
    )
    teams_service_hosts: str = Field(
        ",".join(SERVICE_HOSTS), description="Hosts of Teams that may be called, by full name, with commas."
    )
    teams_openid_url: str = Field(OPENID_URL, description="Where Microsoft tells its signing keys.")
    teams_token_url: str = Field(TOKEN_URL, description="Where the desk gets its own token; {tenant} is filled in.")
    teams_issuer: str = Field(ISSUER, description="Who must have signed what Teams sends.")
    teams_scope: str = Field(SCOPE, description="What the desk asks its own token for.")
    teams_anonymous: bool = Field(
        False, description="Development: take Teams' activities without any token; on the loopback alone."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, listed: str) -> str:
        for part in filter(None, map(str.strip, listed.split(","))):
            ip_network(part)
        return listed

    @field_validator("mail_from")
    @classmethod
    def _as_servers_are_told(cls, value: str) -> str:
        if value.isascii():
            return value
        from channels.email.message import wire_address  # slow to load, and every command reads settings

        return wire_address(value)

    @model_validator(mode="after")
    def _one_border(self) -> Self:
        if self.mail_border != "named" and self.mail_authserv:
            raise ValueError("NIGHTDESK_MAIL_AUTHSERV is the name of a border that writes none (NIGHTDESK_MAIL_BORDER)")
        return self

    @model_validator(mode="after")
    def _tokens_can_be_used(self) -> Self:
        _can_use_token("SMTP", self.smtp_token or self.smtp_token_command, self.smtp_username, self.smtp_security)
        _can_use_token("IMAP", self.imap_token or self.imap_token_command, self.imap_username, self.imap_security)
        return self

    @property
    def teams(self) -> TeamsAccount | None:
        """The bot at Microsoft's; None where Teams is off.

        Raises:
            AccountInvalid: half set up: the desk would listen to anybody.
        """
        if not (self.teams_app_id or self.teams_anonymous):
            return None
        secret = self.teams_app_password.get_secret_value() if self.teams_app_password else ""
        if self.teams_anonymous and self.host not in LOOPBACK:
            raise AccountInvalid("NIGHTDESK_TEAMS_ANONYMOUS is for a desk on the loopback alone")
        return TeamsAccount(
            app_id=self.teams_app_id,
            app_password=secret,
            tenants=_listed(self.teams_tenants) or _listed(self.teams_app_tenant),
            app_tenant=self.teams_app_tenant.strip(),
            service_hosts=_listed(self.teams_service_hosts),
            openid_url=self.teams_openid_url,
            token_url=self.teams_token_url,
            issuer=self.teams_issuer,
            scope=self.teams_scope,
            anonymous=self.teams_anonymous,
        )

    @property
    def mail_comes_in(self) -> bool:
        """Whether anybody reads what is sent to `mail_from`."""
        return bool(self.mail_listen or self.imap_host)

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data / 'nightdesk.db'}"

    @property
    def keys(self) -> Path:
        """Folder of the installation's own secrets."""
        return self.data / "keys"

    @property
    def origin(self) -> str:
        """Where our own pages live, as a browser names it."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def origins(self) -> frozenset[str]:
        """Every name a browser may have for our own pages: the loopback has two."""
        if self.public_url or self.host not in LOOPBACK:
            return frozenset({self.origin})
        return frozenset(f"http://{host}:{self.port}" for host in ("127.0.0.1", "localhost", "[::1]"))


def _listed(written: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in written.split(",") if part.strip())


def _can_use_token(way: str, token: object, username: str | None, security: str) -> None:
    if token and not username:
        raise ValueError(f"an access token needs a name to sign in with (NIGHTDESK_{way}_USERNAME)")
    if token and security == "plain":
        raise ValueError(f"an access token is sent through TLS only (NIGHTDESK_{way}_SECURITY)")
