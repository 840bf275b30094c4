"""Each house rule finds a planted violation, and lets the same line pass where it belongs."""

import pytest

from tools.rules import RULES, violations

PLANTED = [
    ("status", "app/http/cases.py", "case.status = 'resolved'"),
    ("status", "caseengine/operations/resolve.py", "case.status: str = 'resolved'"),
    ("commit", "app/jobs/sweep.py", "await connection.commit()"),
    ("clock", "caseengine/policies/priority.py", "at = datetime.now(UTC)"),
    ("clock", "bot/turn.py", "at = datetime.datetime.utcnow()"),
    ("clock", "customers/codes.py", "started = time.time()"),
    ("clock", "storage/outbox.py", "today = date.today()"),
    ("environment", "channels/teams/keys.py", "app_id = os.environ['APP_ID']"),
    ("environment", "bot/turn.py", "debug = os.getenv('DEBUG')"),
    ("environment", "bot/turn.py", "from os import environ"),
    ("words", "bot/dialogs/report.py", "answer = Ask('What is the serial number?', step='take')"),
    ("words", "bot/dialogs/report.py", "answer = Say(key=f'Hello {name}')"),
    ("words", "bot/dialogs/report.py", "answer = steps.Done('all done')"),
    ("botbuilder", "bot/turn.py", "from botbuilder.core import TurnContext"),
    ("botbuilder", "channels/webchat/routes.py", "import botframework.connector.auth"),
    ("names", "customers/merge.py", "class MergeManager: ..."),
    ("names", "customers/utils.py", "x = 1"),
]
ALLOWED = [
    ("caseengine/model/case.py", "self.status = status"),
    ("app/http/cases.py", "assert case.status == 'open'"),
    ("storage/writer.py", "connection.commit()"),
    ("app/clock.py", "at = datetime.now(UTC)"),
    ("app/settings.py", "data = os.environ['NIGHTDESK_DATA']"),
    ("bot/dialogs/report.py", "answer = Ask('report.serial_number', step='take')"),
    ("channels/teams/adapter.py", "from botbuilder.core import TurnContext"),
    ("bot/turn.py", "at = datetime.now(UTC)  # house: clock, measured for the log alone"),
]


@pytest.mark.parametrize(("rule", "path", "line"), PLANTED)
def test_a_planted_violation_is_found(rule: str, path: str, line: str) -> None:
    [found] = violations(path, f"x = 0\n{line}\n")

    assert found.rule == rule
    assert found.line == (1 if path.endswith("utils.py") else 2)


@pytest.mark.parametrize(("path", "line"), ALLOWED)
def test_what_is_where_it_belongs_passes(path: str, line: str) -> None:
    assert violations(path, line) == []


def test_an_exemption_holds_for_the_rule_it_names_alone() -> None:
    assert violations("bot/turn.py", "at = datetime.now(UTC)  # house: words, not this one") != []


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(RULES)
