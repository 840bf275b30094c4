"""Skills in a tree, and hours in one's own zone."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseengine.model.errors import ShiftsInvalid, SkillsInvalid
from caseengine.model.shift import Shifts
from caseengine.model.skill import Skill, SkillTree
from caseengine.skills import WorkProfile, profile_of, set_profile, set_skills
from caseengine.tables import agent_skills
from tests.caseengine.routing.desk import SKILLS, RoutingDesk

BERLIN = Shifts.read(
    {
        "zone": "Europe/Berlin",
        "weekly": {"monday": ["08:00-12:00", "13:00-17:00"], "friday": ["22:00-06:00"]},
        "days": {"2026-03-09": ["10:00-11:00"]},
        "leave": [["2026-03-16", "2026-03-17"]],
    }
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "works"),
    [
        ("2026-03-02T07:00", True),  # eight in Berlin
        ("2026-03-02T06:59", False),
        ("2026-03-02T11:30", False),  # lunch
        ("2026-03-02T15:59", True),
        ("2026-03-02T16:00", False),  # not any more at the end
        ("2026-03-06T22:00", True),
        ("2026-03-07T04:59", True),  # Friday's night goes on
        ("2026-03-07T05:00", False),
        ("2026-03-09T07:30", False),  # a day that differs
        ("2026-03-09T09:30", True),
        ("2026-03-16T08:00", False),  # on leave
        ("2026-03-30T06:00", True),  # summer time: eight in Berlin is six
    ],
)
def test_who_works_when(at: str, works: bool) -> None:
    assert BERLIN.on_shift(utc(at)) is works


def test_an_appointment_has_to_fit_into_one_window() -> None:
    assert BERLIN.works_through(utc("2026-03-02T10:30"), utc("2026-03-02T11:00"))
    assert not BERLIN.works_through(utc("2026-03-02T10:45"), utc("2026-03-02T12:15"))
    assert BERLIN.on_leave(utc("2026-03-16T08:00"))


@pytest.mark.parametrize(
    ("leave", "works_until"),
    [
        ([], "06:00"),
        ([["2026-03-07", "2026-03-08"]], "00:00"),  # from Saturday on: Friday's night ends with Friday
        ([["2026-03-06", "2026-03-06"]], None),  # Friday's night is Friday's
    ],
)
def test_a_night_that_runs_into_leave_ends_at_midnight(leave: list[list[str]], works_until: str | None) -> None:
    shifts = Shifts.read({"zone": "Europe/London", "weekly": {"friday": ["22:00-06:00"]}, "leave": leave})
    half, night = (
        timedelta(minutes=30),
        [utc("2026-03-06T22:00") + timedelta(minutes=30 * place) for place in range(18)],
    )
    worked = [at for at in night if shifts.works_through(at, at + half)]
    assert worked == [at for at in night if shifts.on_shift(at)]
    assert not any(shifts.on_leave(at) for at in worked)
    assert (f"{worked[-1] + half:%H:%M}" if worked else None) == works_until


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"zone": "Mars/Base"},
        {"zone": "Europe/Berlin", "weekly": {"someday": []}},
        {"zone": "Europe/Berlin", "weekly": {"monday": ["25:00-26:00"]}},
        {"zone": "Europe/Berlin", "weekly": {"monday": ["always"]}},
        {"zone": "Europe/Berlin", "leave": [["2026-03-17", "2026-03-16"]]},
        {"zone": "Europe/Berlin", "days": {"2026-02-30": []}},
    ],
)
def test_hours_that_cannot_be_are_refused(document: dict[str, object]) -> None:
    with pytest.raises(ShiftsInvalid):
        Shifts.read(document)


def test_a_circle_of_skills_is_refused() -> None:
    with pytest.raises(SkillsInvalid):
        SkillTree({"a": Skill("a", "A", "b"), "b": Skill("b", "B", "a"), "c": Skill("c", "C", "a")})
    with pytest.raises(SkillsInvalid):
        SkillTree({"a": Skill("a", "A", "nowhere")})


async def test_what_follows_from_a_skill_follows_it_when_the_tree_changes(any_desk: RoutingDesk) -> None:
    desk = any_desk
    ann = await desk.hires("Ann", skills={"printers": 4, "refunds": 2})

    async def hers() -> dict[str, tuple[int, int | None]]:
        async with desk.database.snapshot() as snapshot:
            rows = await snapshot.rows(sa.select(agent_skills).where(agent_skills.c.agent_id == ann.id))
        return {row.skill: (row.level, row.own_level) for row in rows}

    assert await hers() == {"printers": (4, 4), "hardware": (4, None), "refunds": (2, 2)}
    async with desk.database.unit_of_work() as work:
        await set_skills(work, [Skill("machines", "Machines"), Skill("printers", "Printers", "machines")])
    assert await hers() == {"printers": (4, 4), "machines": (4, None), "refunds": (2, 2)}
    with pytest.raises(SkillsInvalid):
        async with desk.database.unit_of_work() as work:
            await set_skills(work, [Skill("machines", "Machines", "printers")])
    assert len(SKILLS) == 3


async def test_a_profile_is_kept_as_told(any_desk: RoutingDesk) -> None:
    told = WorkProfile(skills={"printers": 4}, languages=("de", "en"), channels=(), capacity=3)
    async with any_desk.database.unit_of_work() as work:
        await set_profile(work, any_desk.li.id, told)
    async with any_desk.database.snapshot() as snapshot:
        assert await profile_of(snapshot, any_desk.li.id) == told
    with pytest.raises(SkillsInvalid):
        async with any_desk.database.unit_of_work() as work:
            await set_profile(work, any_desk.li.id, WorkProfile(skills={"juggling": 4}))


async def test_what_was_told_is_kept_beside_what_follows(any_desk: RoutingDesk) -> None:
    """A little of hardware in general and a lot of printers is a lot of hardware, until printers are no hardware."""
    desk = any_desk
    ann = await desk.hires("Ann", skills={"hardware": 2, "printers": 5})

    async def levels() -> dict[str, int]:
        async with desk.database.snapshot() as snapshot:
            assert (await profile_of(snapshot, ann.id)).skills == {"hardware": 2, "printers": 5}
            rows = await snapshot.rows(sa.select(agent_skills).where(agent_skills.c.agent_id == ann.id))
        return {row.skill: row.level for row in rows}

    assert await levels() == {"hardware": 5, "printers": 5}
    for parent, hardware in ((None, 2), ("hardware", 5)):
        async with desk.database.unit_of_work() as work:
            await set_skills(work, [Skill("printers", "Printers", parent)])
        assert await levels() == {"hardware": hardware, "printers": 5}
