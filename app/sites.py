"""The pages that may carry the chat, and whose word about a visitor is taken: `sites.yaml` in the data folder.

shop:                                    # the public key the page names
  origins: ["https://shop.example"]
  identity:                              # optional: the shop signs who its visitor is
    issuer: https://shop.example
    audience: nightdesk
    keys: {"2026-01": keys/shop.pem}     # key id: public key in PEM, relative to this file
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from customers.identity_token import IdentitySite

DEMO_SITE = "demo"


class IdentityEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    issuer: str
    audience: str
    keys: dict[str, Path]


class SiteEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    origins: list[str] = Field(min_length=1)
    identity: IdentityEntry | None = None


@dataclass(frozen=True, slots=True)
class Sites:
    """Origins by site key, and the sites that sign identities by their issuer."""

    origins: Mapping[str, frozenset[str]]
    identity: Mapping[str, IdentitySite]

    def admitted(self, site: str) -> list[str] | None:
        """The origins whose pages may show the chat of a site; None when there is no such site."""
        found = self.origins.get(site)
        return sorted(found) if found is not None else None


def load_sites(data: Path, *, demo_origins: frozenset[str] | None) -> Sites:
    """The sites of `sites.yaml`; in the demo also the site `demo`, for our own pages.

    Raises:
        pydantic.ValidationError, OSError: the file or one of its keys cannot be read; the desk does not start.
    """
    path = data / "sites.yaml"
    document = yaml.safe_load(path.read_text("utf-8")) if path.exists() else {}
    entries = {name: SiteEntry.model_validate(entry) for name, entry in (document or {}).items()}
    origins = {name: frozenset(entry.origins) for name, entry in entries.items()}
    if demo_origins is not None:
        origins[DEMO_SITE] = demo_origins
    signing = [entry.identity for entry in entries.values() if entry.identity is not None]
    return Sites(origins, {entry.issuer: _identity_site(entry, data) for entry in signing})


def _identity_site(entry: IdentityEntry, data: Path) -> IdentitySite:
    keys = {name: (data / path).read_text("utf-8") for name, path in entry.keys.items()}
    return IdentitySite(entry.issuer, entry.audience, keys)
