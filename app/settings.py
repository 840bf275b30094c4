"""The environment, read once: `NIGHTDESK_*` variables become one frozen `Settings`; nothing else reads it."""

from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """How this installation runs. Every field is `NIGHTDESK_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="NIGHTDESK_", frozen=True, extra="ignore")

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
    mail_from: str = Field("desk@larder-lane.example", description="Address our mails come from.")
    chat_url: str = Field(
        "", description="Page of yours that has the chat: mails about an answer there lead back to it."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, listed: str) -> str:
        for part in filter(None, map(str.strip, listed.split(","))):
            ip_network(part)
        return listed

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
