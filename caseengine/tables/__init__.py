"""The case engine's tables: the desk's people and hours, conversations and their log, cases and their events."""

from caseengine.tables.cases import (
    case_conversations,
    case_events,
    case_links,
    case_tags,
    case_watchers,
    cases,
)
from caseengine.tables.conversations import activities, conversations, files, participants
from caseengine.tables.notices import agent_notices
from caseengine.tables.people import agent_departments, agents, calendars, departments
from caseengine.tables.rulebooks import rulebooks
from caseengine.tables.sla import case_clocks

__all__ = [
    "activities",
    "agent_departments",
    "agent_notices",
    "agents",
    "calendars",
    "case_clocks",
    "case_conversations",
    "case_events",
    "case_links",
    "case_tags",
    "case_watchers",
    "cases",
    "conversations",
    "departments",
    "files",
    "participants",
    "rulebooks",
]
