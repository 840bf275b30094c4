"""Where people are met in Teams, and what that proves of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.tables import teams_conversations
from caseengine.operations.conversing import open_conversation
from channels.teams.account import CHANNEL
from channels.teams.received import Place, Scope
from customers.assurance import Assurances, Level
from customers.identities import IdentityKind
from customers.recognising import recognise
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

PROOF = "teams"
LANGUAGE = "en"


async def meet(place: Place, work: UnitOfWork, at: datetime, *, vouches: bool) -> None:
    """Somebody is there: the conversation and its place are kept, and who they are as far as Teams vouches for it."""
    conversation = UUID(place.conversation)
    visitor = place.person.identity or place.person.id
    await open_conversation(work, id=conversation, channel=CHANNEL, visitor=visitor, locale=place.locale, at=at)
    before = await place_row(work, conversation)
    _keep_place(work, place, before, at, vouches=vouches)
    if place.scope is not Scope.PERSONAL:
        return  # several read along: nobody is vouched for, and the turn takes no proof
    assurances = Assurances(work)
    now = await assurances.of(conversation, at=at)
    if not whose(place, vouches=vouches) or now.level is Level.VERIFIED:
        return
    contact = await recognise(
        work,
        IdentityKind.TEAMS,
        place.person.identity,
        name=place.person.name,
        language=place.locale.partition("-")[0].lower() or LANGUAGE,
        source=f"{PROOF}:{place.person.tenant}",
        at=at,
    )
    if now.contact_id != contact:
        await assurances.vouch(conversation, contact, PROOF, at=at)


def whose(place: Place, *, vouches: bool) -> str:
    """Whose own chat it is; empty where several read along, or nobody vouches for who speaks."""
    return place.person.identity if vouches and place.scope is Scope.PERSONAL else ""


async def place_in(snapshot: Snapshot, conversation: UUID) -> Place | None:
    """Where a conversation is, as Teams told last."""
    row = await place_row(snapshot, conversation)
    return Place.from_json(row.place) if row is not None else None


async def place_row(snapshot: Snapshot, conversation: UUID) -> Any:
    """The row behind it, with whose chat it is and since when nobody is reached there."""
    return await snapshot.first(
        sa.select(teams_conversations).where(teams_conversations.c.conversation_id == conversation)
    )


def _keep_place(work: UnitOfWork, place: Place, before: Any, at: datetime, *, vouches: bool) -> None:
    removals = before.place.get("removals", 0) if before is not None else 0
    written, person = replace(place, removals=removals).to_json(), whose(place, vouches=vouches)
    values = {"place": written, "person": person, "unreachable_at": None, "updated_at": at}
    mine = teams_conversations.c.conversation_id == UUID(place.conversation)
    if before is None:
        insert = insertion(teams_conversations, conversation_id=UUID(place.conversation), **values)
        work.write(insert, duplicate=Conflict())
    elif before.place != written or before.person != person or before.unreachable_at is not None:
        work.write(sa.update(teams_conversations).where(mine).values(**values))
