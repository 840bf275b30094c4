"""Where an activity happened, and with whom. Pure: who may be believed is for others to say.

Source: docs/reference/teams.md
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from channels.document import clean_text
from channels.protocol import PayloadRejected
from channels.teams.account import CHANNEL
from channels.teams.received import Person, Place, Scope

LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
DIRECTORY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")
ADDRESS_MAX = 400
SHARED = "19:"
"""How the address of a chat of several people begins, should its kind not be stated."""


def place_of(document: Mapping[str, Any]) -> Place:
    """Where it happened, and with whom.

    Raises:
        PayloadRejected: it names no conversation or nobody.
    """
    address = inside(document, "conversation", "id")
    if not address or len(address) > ADDRESS_MAX or not address.isprintable():
        raise PayloadRejected("MissingProperty", "'conversation.id' is required.")
    return Place(
        conversation=conversation_id(address),
        address=address,
        scope=scope_of(document),
        tenant=_tenant(document),
        service_url=str(document.get("serviceUrl") or "")[:ADDRESS_MAX],
        bot_id=inside(document, "recipient", "id")[:200],
        bot_name=inside(document, "recipient", "name")[:200],
        person=_person(document),
        locale=_locale(document),
        zone=_zone(document),
    )


def tenants_of(document: Mapping[str, Any]) -> frozenset[str]:
    """Every tenant an activity says it comes from, lower case; normally one."""
    stated = (
        inside(document, "channelData", "tenant", "id"),
        inside(document, "conversation", "tenantId"),
        inside(document, "from", "tenantId"),
    )
    return frozenset(one.lower() for one in stated if one)


def conversation_id(address: str) -> str:
    """The desk's id of a Teams conversation: always the same for the same."""
    return str(uuid5(NAMESPACE_URL, f"{CHANNEL}|{address}"))


def scope_of(document: Mapping[str, Any]) -> Scope:
    """Who reads along."""
    stated = inside(document, "conversation", "conversationType")
    if stated in set(Scope):
        return Scope(stated)
    conversation = document.get("conversation") or {}
    if stated or conversation.get("isGroup") is True or inside(document, "conversation", "id").startswith(SHARED):
        return Scope.GROUP
    return Scope.PERSONAL


def inside(document: Mapping[str, Any], *names: str) -> str:
    """The string at the end of these names; empty where there is none."""
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _person(document: Mapping[str, Any]) -> Person:
    person = inside(document, "from", "id")
    if not person or len(person) > 200:
        raise PayloadRejected("MissingProperty", "'from.id' is required.")
    object_id = inside(document, "from", "aadObjectId").lower()
    known = DIRECTORY_ID.fullmatch(object_id) and DIRECTORY_ID.fullmatch(_tenant(document))
    name = " ".join(clean_text(inside(document, "from", "name")).split())[:200]
    return Person(person, name, _tenant(document), object_id if known else "")


def _tenant(document: Mapping[str, Any]) -> str:
    stated = inside(document, "channelData", "tenant", "id") or inside(document, "conversation", "tenantId")
    return stated.lower()[:100]


def _locale(document: Mapping[str, Any]) -> str:
    stated = [document.get("locale"), *(one.get("locale") for one in _client_infos(document))]
    return next((one for one in stated if isinstance(one, str) and LOCALE.fullmatch(one)), "")


def _zone(document: Mapping[str, Any]) -> str:
    stated = [document.get("localTimezone"), *(one.get("timezone") for one in _client_infos(document))]
    return next((one for one in stated if isinstance(one, str) and ZONE.fullmatch(one)), "")


def _client_infos(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entities = document.get("entities")
    listed = entities if isinstance(entities, list) else []
    return [one for one in listed if isinstance(one, dict) and one.get("type") == "clientInfo"]
