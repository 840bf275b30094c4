"""The case engine's tables: the desk's people and hours, conversations and their log, cases and their events."""

from caseengine.tables.boards import tallies
from caseengine.tables.cases import (
    case_conversations,
    case_events,
    case_links,
    case_tags,
    case_watchers,
    cases,
)
from caseengine.tables.conversations import activities, conversations, files, participants
from caseengine.tables.people import agent_departments, agents, calendars, departments
from caseengine.tables.rulebooks import rulebooks
from caseengine.tables.sla import case_clocks
from caseengine.tables.surveys import surveys

__all__ = [
    "activities",
    "agent_departments",
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
    "surveys",
    "tallies",
]
