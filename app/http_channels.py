"""Channels of the company's own, over signed HTTP: `channels.yaml` in the data folder.

sms:                                           # the channel's name
  deliver_to: https://gateway.example/desk     # where answers are posted
  secrets: [whsec_...]                         # the newest first; all are believed
  takes_once: true                             # the far side takes the same webhook-id once
"""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from caseengine.tables import conversations
from channels.http.adapter import Address
from channels.http.channel import HttpChannel
from storage.engine import Database

FILE = "channels.yaml"


class ChannelEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    deliver_to: str
    secrets: list[SecretStr] = Field(min_length=1)
    takes_once: bool = False


def load_http_channels(data: Path) -> Mapping[str, HttpChannel]:
    """The channels of `channels.yaml`, by name.

    Raises:
        pydantic.ValidationError, ValueError, OSError: the file cannot be read; the desk does not start.
    """
    path = data / FILE
    document = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    entries = {name: ChannelEntry.model_validate(entry) for name, entry in (document or {}).items()}
    return {name: _channel(name, entry) for name, entry in entries.items()}


def address_book(database: Database, channel: str) -> Address:
    """What the far side calls a conversation of its channel: it was told when the conversation was opened."""

    async def address(conversation: str) -> str | None:
        mine = conversations.c.id == UUID(conversation), conversations.c.channel == channel
        async with database.snapshot() as snapshot:
            found = await snapshot.scalar(sa.select(conversations.c.visitor).where(*mine))
        return str(found) if found is not None else None

    return address


def _channel(name: str, entry: ChannelEntry) -> HttpChannel:
    secrets = tuple(secret.get_secret_value() for secret in entry.secrets)
    return HttpChannel(name, secrets, entry.deliver_to, entry.takes_once)
