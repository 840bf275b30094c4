"""What happened before the demo begins: its past cases, opened, worked and ended by the case's own verbs."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.demo.files import Company, ContactRecord, Opened, PastCaseRecord, demo_id
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.model.calendar import Calendar, due_at
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.errors import CaseNotFound
from caseengine.model.events import CaseOpened
from caseengine.model.number import RANDOM_MAX, format_number
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations.promising import make_promise
from caseengine.policies.priority import priority
from knowledge.article import PastCase
from storage.transaction import UnitOfWork

CLOSES_AFTER = timedelta(hours=20)
"""Working time after which a resolved case was closed by itself."""
WEEKDAYS = 5


@dataclass(frozen=True, slots=True)
class Past:
    """From where to look back: the company, its hours and the moment of loading."""

    company: Company
    hours: Calendar
    at: datetime

    def opened_at(self, opened: Opened) -> datetime:
        """The instant a record means."""
        if opened.workdays is None:
            return self.at - timedelta(minutes=opened.minutes or 1)
        return datetime.combine(self._workday_before(opened.workdays), opened.clock, self.hours.zone)

    def contact(self, key: str) -> ContactRecord:
        return next(contact for contact in self.company.contacts if contact.key == key)

    def agent(self, key: str) -> Actor:
        found = next(agent for agent in self.company.agents if agent.key == key)
        return Actor(ActorKind.AGENT, str(demo_id("agent", key)), found.name)

    def later(self, start: datetime, minutes: int) -> datetime:
        """So many working minutes after `start`."""
        return due_at(start, timedelta(minutes=minutes), self.hours)

    def _workday_before(self, count: int) -> date:
        day = self.at.astimezone(self.hours.zone).date()
        while count:
            day -= timedelta(days=1)
            count -= day.weekday() < WEEKDAYS and day not in self.hours.holidays
        return day


async def add_past_cases(work: UnitOfWork, past: Past) -> list[Case]:
    """Add the cases that are not there yet; those it added. Numbers come from the desk's own sequence."""
    records = past.company.past_cases
    missing = [record for record in records if not await _is_known(work, demo_id("case", record.key))]
    return [await _add(work, record, past) for record in missing]


async def past_resolutions(work: UnitOfWork, company: Company) -> list[PastCase]:
    """How the resolved ones ended, for search."""
    found = []
    for record in company.past_cases:
        if record.resolution is not None:
            case = await Cases(work).by_id(demo_id("case", record.key))
            found.append(PastCase(case.number, f"{record.subject}. {record.said}", record.resolution.text))
    return found


async def _is_known(work: UnitOfWork, case_id: UUID) -> bool:
    try:
        await Cases(work).by_id(case_id)
    except CaseNotFound:
        return False
    return True


async def _add(work: UnitOfWork, record: PastCaseRecord, past: Past) -> Case:
    start = past.opened_at(record.opened)
    number = format_number(await work.reserve("case"), demo_id("number", record.key).int % RANDOM_MAX)
    case = Cases(work).add(Case.open(_opened(record, past.contact(record.contact), number, start)))
    await make_promise(work, case, by=SYSTEM, at=start)
    if record.agent is not None:
        _work_on(case, record, past.agent(record.agent), past, start)
    return case


def _work_on(case: Case, record: PastCaseRecord, agent: Actor, past: Past, start: datetime) -> None:
    case.assign(UUID(agent.id), agent.name, by=agent, at=past.later(start, record.takes))
    _answer(case, record, agent, past.later(start, record.replies_after))
    if record.resolution is None:
        return
    resolved_at = past.later(start, record.resolves_after)
    ended = Resolution(ResolutionCode(record.resolution.code), record.resolution.text)
    case.resolve(ended, by=agent, at=resolved_at)
    if record.state == "closed":
        case.close(by=SYSTEM, at=due_at(resolved_at, CLOSES_AFTER, past.hours))


def _answer(case: Case, record: PastCaseRecord, agent: Actor, at: datetime) -> None:
    key = f"demo:{record.key}"
    if record.state == "waiting_on_customer":
        case.ask_customer(record.reply or "", key=key, by=agent, at=at)
    else:
        case.reply(record.reply or "", key=key, by=agent, at=at)
    if record.state == "waiting_on_third_party":
        case.ask_third_party(record.note or "", by=agent, at=at)


def _opened(record: PastCaseRecord, contact: ContactRecord, number: str, at: datetime) -> CaseOpened:
    contact_id = demo_id("contact", contact.key)
    return CaseOpened(
        case_id=demo_id("case", record.key),
        actor=Actor(ActorKind.CUSTOMER, str(contact_id), contact.name),
        at=at,
        number=number,
        subject=record.subject,
        description=record.said,
        case_type=CaseType(record.type),
        department=record.department,
        impact=record.impact,
        urgency=record.urgency,
        priority=priority(record.impact, record.urgency),
        products=record.products,
        order_number=record.order,
        contact_id=contact_id,
        account_id=demo_id("account", record.account or next(iter(contact.roles))),
    )
