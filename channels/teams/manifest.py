"""The package by which Teams installs the desk: a manifest and two pictures in a zip."""

import json
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from channels.teams.icons import colour_icon, outline_icon
from channels.teams.manifest_rules import GUID, slips

SCHEMA = "1.23"
SCHEMA_URL = "https://developer.microsoft.com/json-schemas/teams/v{version}/MicrosoftTeams.schema.json"
SCOPES = ("personal", "team", "groupChat")
SHORT_MAX, FULL_MAX, ABOUT_MAX = 30, 100, 80
ACCENT = "#192040"
SAME_MOMENT = (2026, 1, 1, 0, 0, 0)
"""The same package, byte for byte, whenever it is made."""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What the package says of the desk.

    Attributes:
        origin: scheme and host the world knows the desk by; its pages stand for website, privacy and terms.
        version: of the package, "1.0.0"; Teams takes an update only when it is higher.
        about, story: in a few words and in a few sentences, shown where the app is installed.
    """

    app_id: str
    company: str
    origin: str
    version: str
    about: str
    story: str


class PackageInvalid(ValueError):
    """Teams would not take it; `str()` says what to set."""


def package(facts: PackageFacts) -> bytes:
    """The zip.

    Raises:
        PackageInvalid: no app id, an address Teams does not take, or a field that is not as Teams wants it.
    """
    written, manifest = BytesIO(), manifest_of(facts)
    icons = {"color.png": colour_icon(), "outline.png": outline_icon()}
    if wrong := list(slips(manifest, icons)):
        raise PackageInvalid("; ".join(wrong))
    document = json.dumps(manifest, indent=2, ensure_ascii=False).encode()
    with ZipFile(written, "w", ZIP_DEFLATED) as packed:
        for name, content in (("manifest.json", document), *icons.items()):
            packed.writestr(ZipInfo(name, SAME_MOMENT), content, ZIP_DEFLATED)
    return written.getvalue()


def manifest_of(facts: PackageFacts) -> dict[str, Any]:
    """The manifest alone. Raises as `package`."""
    if not facts.app_id:
        raise PackageInvalid("set NIGHTDESK_TEAMS_APP_ID")
    if not GUID.fullmatch(facts.app_id):
        raise PackageInvalid("NIGHTDESK_TEAMS_APP_ID is no GUID: it is the Microsoft App ID of the bot's registration")
    host = urlsplit(facts.origin).hostname
    if not facts.origin.startswith("https://") or not host:
        raise PackageInvalid("set NIGHTDESK_PUBLIC_URL to the https address Teams reaches the desk by")
    return {
        "$schema": SCHEMA_URL.format(version=SCHEMA),
        "manifestVersion": SCHEMA,
        "version": facts.version,
        # The package has an id of its own: a second desk of the same bot would be another app.
        "id": str(uuid5(NAMESPACE_URL, f"nightdesk|{facts.app_id}")),
        "developer": {
            "name": facts.company[:32],
            "websiteUrl": facts.origin,
            "privacyUrl": f"{facts.origin}/help",
            "termsOfUseUrl": f"{facts.origin}/help",
        },
        "name": {"short": facts.company[:SHORT_MAX], "full": facts.company[:FULL_MAX]},
        "description": {"short": facts.about[:ABOUT_MAX], "full": facts.story[:4_000]},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": ACCENT,
        "bots": [
            {
                "botId": facts.app_id,
                "scopes": list(SCOPES),
                "supportsFiles": True,
                "isNotificationOnly": False,
            }
        ],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [host],
    }
