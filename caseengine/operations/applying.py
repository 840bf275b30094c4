"""What the rulebooks say of a case as it is now: its service level, and what it needs of whoever works on it.

Source: docs/decisions/0014-sla-clocks.md, docs/decisions/0016-routing.md
"""

from collections.abc import Sequence
from datetime import datetime

from caseengine.calendars import desk_calendar
from caseengine.clocks import book_of, clocks_of
from caseengine.conversations import Conversations
from caseengine.facts import Spoken, facts_of
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.anchors import rule_behind
from caseengine.model.case import Case
from caseengine.model.events import PolicyApplied
from caseengine.model.lifecycle import Verb
from caseengine.model.sla import Sla
from caseengine.operations.needing import set_needs
from caseengine.policies.judging import chooses_policy, sets_needs
from caseengine.policies.service_level import Choice, choose
from caseengine.reading.covered import used_up
from caseengine.service_levels import sla_in_force
from customers.agreements import agreements_of, tier_of
from storage.transaction import Snapshot, UnitOfWork


async def judge_anew(work: UnitOfWork, case: Case, *, by: Actor = SYSTEM, at: datetime) -> None:
    """What was recorded of a case in this unit of work may give it another policy and other needs.

    After what it does: see `policies.judging`. Nothing else chooses and sets, but for what past cases tell.

    Args:
        by: who changed it. What follows is the desk's doing, unless a rule of the desk did: then it is that rule's,
            so that rules that set each other off this way are found out.
    """
    doer = by if rule_behind(by) is not None else SYSTEM
    if chooses_policy(case.unsaved):
        await apply_policy(work, case, by=doer, at=at)
    if sets_needs(case.unsaved):
        await set_needs(work, case, by=doer, at=at)


async def apply_policy(work: UnitOfWork, case: Case, *, by: Actor, at: datetime) -> Choice | None:
    """Give a case the policy that its customer, type and priority have by the rulebook in force.

    To be called whenever one of these may have changed; nothing is recorded where nothing changes. A case that keeps
    its policy keeps the version of it too, and so does one that lives no more, for which None is answered.
    """
    clocks = await clocks_of(work, case)
    chosen, applied = await chosen_policy(work, case, by=by, at=at)
    if applied is not None and chosen is not None:
        if chosen.policy is not None:
            clocks.learn(await book_of(work, [chosen.policy]))
        case.record(applied)
    return chosen


async def chosen_policy(
    work: UnitOfWork, case: Case, *, by: Actor, at: datetime
) -> tuple[Choice | None, PolicyApplied | None]:
    """What `apply_policy` would choose and record, and nothing done."""
    sla = await sla_in_force(work)
    if not case.can(Verb.APPLY_POLICY) or sla.version == 0:
        return None, None
    tier = await tier_of(work, case.contact_id, case.account_id)
    spoken = await Conversations(work).spoken(case.conversation_id)
    chosen = policy_for(sla, case, await entitlements_of(work, case, at), tier, spoken)
    return chosen, applying(case, chosen, sla, tier, by=by, at=at)


def policy_for(sla: Sla, case: Case, entitlements: Sequence[str], tier: str | None, spoken: Spoken) -> Choice:
    """What a rulebook gives a case as it is; pure, so that a draft can be asked about the past."""
    facts = {**facts_of(case, channel=spoken.channel), "tier": tier}
    return choose(sla, entitlements, tier, facts, case.priority)


def applying(
    case: Case, chosen: Choice, sla: Sla, tier: str | None, *, by: Actor, at: datetime
) -> PolicyApplied | None:
    """The fact that a choice makes; None where it changes nothing."""
    name = chosen.policy.id if chosen.policy else ""
    if (case.policy, case.tier) == (name, tier):
        return None
    return PolicyApplied(
        case_id=case.id, actor=by, at=at, policy=name, version=sla.version, because=str(chosen.because), tier=tier
    )


async def entitlements_of(snapshot: Snapshot, case: Case, at: datetime) -> list[str]:
    """Nearest first, of the agreements of the desk's own day; one whose cases are used up covers no more."""
    if case.account_id is None:
        return []
    zone = (await desk_calendar(snapshot)).zone
    found = await agreements_of(snapshot, case.account_id, on=at.astimezone(zone).date())
    return [one.entitlement for one in found if not await used_up(snapshot, one, case, zone)]
