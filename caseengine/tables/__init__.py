"""The case engine's tables: the desk's people and hours, conversations and their log, cases and their events."""

from caseengine.tables.boards import packed_days, packed_words, tallies, touched_days
from caseengine.tables.cases import (
    case_conversations,
    case_events,
    case_links,
    case_tags,
    case_watchers,
    cases,
)
from caseengine.tables.conversations import activities, case_files, conversations, files, participants
from caseengine.tables.customer_notices import customer_notices
from caseengine.tables.mails import case_mentions, mail_allowances, mail_threads, mails, sent_envelopes, sent_mails
from caseengine.tables.notices import agent_notices, notice_readings
from caseengine.tables.people import agent_departments, agents, calendars, departments
from caseengine.tables.routing import agent_skills, agent_work, assignments, callbacks, skills
from caseengine.tables.rulebooks import rulebooks
from caseengine.tables.rules import cursors, rule_timers
from caseengine.tables.sla import calendar_corrections, case_clocks, recounts_left
from caseengine.tables.surveys import surveys

__all__ = [
    "activities",
    "agent_departments",
    "agent_notices",
    "agent_skills",
    "agent_work",
    "agents",
    "assignments",
    "calendar_corrections",
    "calendars",
    "callbacks",
    "case_clocks",
    "case_conversations",
    "case_events",
    "case_files",
    "case_links",
    "case_mentions",
    "case_tags",
    "case_watchers",
    "cases",
    "conversations",
    "cursors",
    "customer_notices",
    "departments",
    "files",
    "mail_allowances",
    "mail_threads",
    "mails",
    "notice_readings",
    "packed_days",
    "packed_words",
    "participants",
    "recounts_left",
    "rule_timers",
    "rulebooks",
    "sent_envelopes",
    "sent_mails",
    "skills",
    "surveys",
    "tallies",
    "touched_days",
]
