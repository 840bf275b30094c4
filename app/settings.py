"""The environment, read once: `NIGHTDESK_*` variables become one frozen `Settings`; nothing else reads it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(BaseSettings):
    """How this installation runs. Every field is `NIGHTDESK_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="NIGHTDESK_", frozen=True, extra="ignore")

    data: Path = Field(Path("data"), description="Folder of database, keys and models.")
    database_url: str = Field("", description="SQLAlchemy URL; SQLite in the data folder when empty.")
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = Field("", description="Scheme and host the world knows the desk by; where to listen when empty.")
    demo: bool = Field(False, description="Load the demo company, catch its mails; loopback only.")
    company: str = Field("Larder & Lane", description="Name of the company, as customers read it.")
    fallback_department: str = Field("store-support", description="Slug of who takes what nobody could sort.")
    zone: str = Field("Europe/London", description="Time zone in which customers are told times.")
    encoder: bool = Field(True, description="Search by meaning; words alone when off.")
    smtp_host: str = ""
    smtp_port: int = 25
    smtp_security: Literal["tls", "starttls", "plain"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = "desk@larder-lane.example"
    log_level: str = "INFO"

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
