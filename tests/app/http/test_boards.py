"""The boards over HTTP: figures, the cases behind them, and who may read what."""

import csv
import io
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from app.http.board_csv import inert
from caseengine.agents import Agents
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations import move
from caseengine.operations.surveying import ask_survey, survey_token
from caseengine.rulebooks import Rulebook, decide
from storage.transaction import UnitOfWork
from tests.app.house import Answered, Peer, Served
from tests.caseengine.boards.test_boards import busy_week
from tests.caseengine.office import when

DAYS = "from=2026-03-02&to=2026-03-08"
SECRET = b"a secret of thirty-two characters"


@pytest.fixture
async def sam(served: Served) -> Peer:
    await busy_week(served.office)
    return await served.agent(served.office.sam)


async def test_each_figure_leads_to_as_many_cases(sam: Peer) -> None:
    board = await sam.gets(f"/api/boards/period?{DAYS}")
    assert (board["opened"]["value"], board["resolved"]["value"], board["reopen_rate"]) == (5, 2, 1 / 3)
    assert board["targets"][2]["working"]["p50_s"] == 7_200
    for figure in ("opened", "resolved", "reopened", "closed", "handed_over"):
        behind = await sam.gets(board[figure]["cases"])
        assert behind["value"] == len(behind["cases"]) == board[figure]["value"]
    now = await sam.gets("/api/boards/now")
    for figure in (now["live"], now["stale"]["older"], now["cells"][0]["live"]):
        assert len((await sam.gets(figure["cases"]))["cases"]) == figure["value"]


async def test_the_list_goes_on_where_the_page_ended(sam: Peer) -> None:
    address = (await sam.gets(f"/api/boards/period?{DAYS}"))["opened"]["cases"]
    first = await sam.gets(f"{address}&limit=3")
    second = await sam.gets(f"{address}&limit=3&after={first['next']}")
    numbers = [row["case"]["number"] for row in (*first["cases"], *second["cases"])]
    assert (len(set(numbers)), second["next"]) == (5, None)


async def test_an_agent_sees_their_departments_and_their_own_work(served: Served, sam: Peer) -> None:
    li = await served.agent(served.office.li)
    assert (await li.gets("/api/boards/now"))["live"]["value"] == 2
    assert (await sam.gets("/api/boards/now"))["live"]["value"] == 3
    mine = await li.gets(f"/api/me/performance?{DAYS}")
    assert (mine["name"], mine["resolutions"]["value"], mine["handled"]["value"]) == ("Li", 2, 4)
    lines = (await sam.gets(f"/api/boards/agents?{DAYS}"))["agents"]
    assert [line["name"] for line in lines] == ["Li", "Mo"]
    mo = served.office.mo.id
    for address in (f"/api/boards/agents?{DAYS}", f"/api/boards/period?{DAYS}&agent={mo}"):
        refused = await li.asks("GET", address)
        assert (refused.status, refused.code) == (403, "http.role_too_low")


async def test_a_case_that_moved_away_is_counted_and_not_shown(served: Served, sam: Peer) -> None:
    """It was opened in tills; what has become of it in deliveries is nothing Li may read, by whatever way."""
    li, office = await served.agent(served.office.li), served.office
    case = await office.report("The till jams", "Sun 10:00")
    await office.do(move, case.number, "deliveries", reason="Theirs", by=office.sam.actor, at=when("Sun 10:05"))
    opened = (await li.gets(f"/api/boards/period?{DAYS.replace('08', '09')}"))["opened"]
    shown = (await li.gets(opened["cases"]))["cases"]
    assert len(shown) == opened["value"]
    assert None in [row["case"] for row in shown]
    for address in (opened["cases"], opened["cases"].replace("cases?", "cases.csv?")):
        assert case.number not in (await li.asks("GET", address)).raw.decode()
    everything = await sam.asks("GET", opened["cases"])
    assert case.number in everything.raw.decode()


async def test_ones_own_work_leads_to_its_cases_also_where_one_has_left(served: Served, sam: Peer) -> None:
    office = served.office
    li = await served.agent(office.li)
    async with office.database.unit_of_work() as work:
        Agents(work).change(replace(office.li, departments=frozenset({"deliveries"})))
    mine = await li.gets(f"/api/me/performance?{DAYS}")
    behind = await li.gets(mine["resolutions"]["cases"])
    assert behind["value"] == len(behind["cases"]) == mine["resolutions"]["value"] == 2
    assert {row["case"] for row in behind["cases"]} == {None}


async def test_a_foreign_department_is_a_missing_one(served: Served, sam: Peer) -> None:
    li = await served.agent(served.office.li)
    answers = [await li.asks("GET", f"/api/boards/now?department={name}") for name in ("deliveries", "nowhere")]
    assert [answer.status for answer in answers] == [404, 404]
    assert answers[0].raw == answers[1].raw


@pytest.mark.parametrize(
    "wrong",
    [
        "period?from=2026-03-08&to=2026-03-08",
        "period?from=2026-03-08",
        "period?from=soon&to=2026-03-09",
        "cases?figure=opened",
        "cases?figure=age&at=2026-03-08T00:00:00Z",
        "cases?figure=fun",
        "cases?figure=live&after=abc",
        "cases?figure=opened&from=2026-03-08T00:00:00&to=2026-03-09T00:00:00Z",
    ],
)
async def test_what_makes_no_sense_is_refused(sam: Peer, wrong: str) -> None:
    answer = await sam.asks("GET", f"/api/boards/{wrong}")
    assert answer.status == 422


async def test_a_table_for_a_spreadsheet_holds_no_formula(served: Served, sam: Peer) -> None:
    await served.office.report("=HYPERLINK(0)", at="Tue 09:00")
    address = (await sam.gets(f"/api/boards/period?{DAYS}"))["opened"]["cases"]
    answer = await sam.asks("GET", address.replace("cases?", "cases.csv?"))
    rows = list(csv.DictReader(io.StringIO(answer.raw.decode())))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert len(rows) == 6
    assert "'=HYPERLINK(0)" in [row["subject"] for row in rows]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1"])
def test_a_cell_that_begins_like_a_formula_is_text(cell: str) -> None:
    assert inert(cell) == f"'{cell}"
    assert inert(f"a{cell}") == f"a{cell}"


async def asked(work: UnitOfWork, number: str) -> Any:
    case = await Cases(work).get(number)
    return await ask_survey(work, case, channel="email", secret=SECRET, by=SYSTEM, at=when("Mon 12:00"))


async def fills(stranger: Peer, token: str, **form: str) -> Answered:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return await stranger.asks("POST", f"/survey/{token}", data=urlencode(form), headers=kind)


async def surveyed(served: Served, subject: str = "The till") -> tuple[str, Case]:
    """The token of a survey, and the case it is about."""
    await served.office.do(decide, Rulebook.SURVEYS, {"on": True, "valid_days": 3650}, by=SYSTEM, at=when("Mon 08:00"))
    case = await served.office.report(subject)
    return survey_token(SECRET, await served.office.do(asked, case.number)), case


async def test_a_link_is_answered_once(served: Served) -> None:
    token, case = await surveyed(served, "<script>x</script>")
    stranger = served.peer()
    page = await stranger.asks("GET", f"/survey/{token}")
    assert (page.status, case.number.encode() in page.raw) == (200, True)
    assert "script" not in page.headers["Content-Security-Policy"]
    assert (await fills(stranger, token, effort="2")).status == 422
    done = await fills(stranger, token, csat="5", effort="2", comment="Quick")
    assert (done.status, b"Thank you" in done.raw) == (200, True)
    await fills(stranger, token, csat="1")
    assert ((await served.office.case(case)).csat, (await served.office.case(case)).effort) == (5, 2)
    missing = [await stranger.asks("GET", f"/survey/{wrong}") for wrong in (token[:-2] + "xx", "x")]
    assert [answer.status for answer in missing] == [404, 404]
    assert missing[0].raw == missing[1].raw
