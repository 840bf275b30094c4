"""A week at a desk, simulated: how routing compares with simpler ways. Prints tables, draws a picture.

    python bench/routing_simulation.py [--weeks 3] [--picture docs/pictures/routing-simulation.svg]

Discrete events by simpy; the decision is the desk's own `caseengine.policies.routing.decide`. Every way sees the same
arrivals and the same service demands (seeds 1, 2, ...); figures are means over the weeks, ± one standard deviation
between weeks.

First the homogeneous case, where theory knows the answer: one skill, equal agents, one case at a time, Poisson
arrivals, exponential service. Whatever the way, the mean wait must be that of an exact first-come queue of the same
arrivals, which over many weeks is that of the Erlang-C formula (a week varies by a third: it is shown over 30).

Then a mixed desk: 24 agents, four skills, each agent two or three of them at level 1 to 5, day and night rates, cases
that need a skill at level 2 or 3 and are due in 30 minutes (a quarter, tier A), 2 hours or 8 hours. Whoever is a level
better is 12 % faster, and 12 % slower a level short. Each way gives a case only to whoever has its skill at its level:

- routing: least slack, tier, age; by fit, room, idleness; a level less is enough after 15 minutes, two after 30;
- routing, nothing relaxed: the same, and who lacks a level never gets a case, as in the two others;
- FIFO: first come first, to whoever has been idle longest;
- strict priority: by how soon cases of that kind are due, then first come, to whoever has been idle longest.
"""

import argparse
import heapq
import math
import random
import statistics
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import simpy

sys.path.insert(0, str(Path(__file__).parent.parent))

from caseengine.model.needs import Needs
from caseengine.policies.routing import Candidate, Request, decide
from caseengine.policies.routing_policy import Relaxation, RoutingPolicy

WEEK_S = 7 * 86_400.0
SKILLS = ("tills", "fridges", "money", "deliveries")
KINDS = ((1_800.0, "A", 0.25), (7_200.0, "B", 0.35), (28_800.0, "C", 0.40))
"""Seconds until due, tier, share."""
FASTER = 0.12
LONG_RUN = 30
"""Weeks over which the exact queue is shown."""


@dataclass(eq=False)
class Agent:
    id: str
    skills: dict[str, int]
    busy: bool = False
    since: float = 0.0
    worked_s: float = 0.0
    given: int = 0


@dataclass(eq=False)
class Item:
    id: int
    at: float
    skill: str
    least: int
    due: float
    tier: str
    demand_s: float
    started: float = math.nan


Order = Callable[[Item], Any]
Choose = Callable[[Item, Sequence[Agent], float], Agent | None]


@dataclass
class Week:
    """What came of it. `waits` in seconds."""

    waits: list[float] = field(default_factory=list)
    in_time: list[bool] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    left: int = 0


RELAXING = RoutingPolicy(relax=(Relaxation(900, 1), Relaxation(1_800, 2)))
PLAIN = RoutingPolicy()


def by_routing(policy: RoutingPolicy) -> Choose:
    def choose(item: Item, agents: Sequence[Agent], now: float) -> Agent | None:
        request = Request(department="d", needs=Needs({item.skill: item.least}), waited_s=now - item.at)
        able = [one for one in agents if item.skill in one.skills]
        pool = [
            Candidate(id=one.id, skills=one.skills, capacity=1, load=int(one.busy), idle_s=now - one.since)
            for one in able
        ]
        chosen = decide(request, pool, policy).agent_id
        return next((one for one in able if one.id == chosen), None)

    return choose


def longest_idle(item: Item, agents: Sequence[Agent], _: float) -> Agent | None:
    able = [one for one in agents if not one.busy and one.skills.get(item.skill, 0) >= item.least]
    return min(able, key=lambda one: (one.since, one.id), default=None)


def slack(item: Item) -> Any:
    return (item.due, item.tier, item.at)


def first_come(item: Item) -> Any:
    return item.at


def priority(item: Item) -> Any:
    return (item.due - item.at, item.at)


WAYS: dict[str, tuple[Order, Choose]] = {
    "routing": (slack, by_routing(RELAXING)),
    "routing, nothing relaxed": (slack, by_routing(PLAIN)),
    "FIFO + longest idle": (first_come, longest_idle),
    "strict priority + longest idle": (priority, longest_idle),
}


def simulate(items: Sequence[Item], agents: Sequence[Agent], order: Order, choose: Choose, *, until: float) -> Week:
    env, waiting, week = simpy.Environment(), list[Item](), Week()

    def serve(agent: Agent, item: Item) -> Generator[simpy.Event, Any, Any]:
        better = agent.skills[item.skill] - item.least
        spent = item.demand_s * (1 - FASTER) ** better
        yield env.timeout(spent)
        agent.busy, agent.since, agent.worked_s = False, env.now, agent.worked_s + spent
        week.in_time.append(env.now <= item.due)
        dispatch()

    def dispatch() -> None:
        for item in sorted(waiting, key=order):
            if all(one.busy for one in agents):
                return
            agent = choose(item, agents, env.now)
            if agent is None:
                continue
            waiting.remove(item)
            agent.busy, agent.given = True, agent.given + 1
            week.waits.append(env.now - item.at)
            env.process(serve(agent, item))

    def arrive() -> Generator[simpy.Event, Any, Any]:
        for item in items:
            yield env.timeout(item.at - env.now)
            waiting.append(item)
            dispatch()

    def look() -> Generator[simpy.Event, Any, Any]:
        """The sweep: what waits long enough may relax though nothing else happens."""
        while True:
            yield env.timeout(300)
            dispatch()

    env.process(arrive())
    env.process(look())
    env.run(until=until)
    week.worked, week.left = [one.worked_s for one in agents], len(waiting)
    week.in_time += [False] * len(waiting)
    return week


def mixed(seed: int) -> tuple[list[Item], list[Agent]]:
    chance = random.Random(seed)
    agents = []
    for place in range(24):
        skills = {SKILLS[place % 4]: 2 + place % 4}
        for other in chance.sample(SKILLS, chance.randint(1, 2)):
            skills.setdefault(other, chance.randint(1, 4))
        agents.append(Agent(f"{place:02}", skills))
    items: list[Item] = []
    at = 0.0
    while True:
        day = 0.62 + 0.55 * math.sin(2 * math.pi * (at / 86_400.0 - 0.3))
        at += chance.expovariate(max(day, 0.1) * 24 / 780.0)
        if at >= WEEK_S:
            return items, agents
        due_in, tier, _ = chance.choices(KINDS, [share for *_, share in KINDS])[0]
        demand = chance.lognormvariate(math.log(600), 0.6)
        items.append(Item(len(items), at, chance.choice(SKILLS), chance.choice((2, 2, 3)), at + due_in, tier, demand))


def homogeneous(seed: int, agents: int, load: float) -> tuple[list[Item], list[Agent]]:
    chance = random.Random(seed)
    items: list[Item] = []
    at, service = 0.0, 600.0
    while (at := at + chance.expovariate(agents * load / service)) < WEEK_S:
        items.append(Item(len(items), at, "tills", 3, at + 1_800, "B", chance.expovariate(1 / service)))
    return items, [Agent(f"{place:02}", {"tills": 3}) for place in range(agents)]


def erlang_c_wait(agents: int, load: float, service_s: float) -> float:
    """The mean wait in an M/M/c queue, in seconds."""
    offered, term, total = agents * load, 1.0, 0.0
    for busy in range(agents):
        total += term
        term *= offered / (busy + 1)
    waits = term / (1 - load) / (total + term / (1 - load))
    return waits * service_s / (agents * (1 - load))


def exact_wait(items: Sequence[Item], agents: int) -> float:
    """The mean wait of these items in a first-come queue, in seconds."""
    free, waits = [0.0] * agents, []
    for item in items:
        started = max(heapq.heappop(free), item.at)
        waits.append(started - item.at)
        heapq.heappush(free, started + item.demand_s)
    return statistics.mean(waits)


def fresh(agents: Sequence[Agent]) -> list[Agent]:
    return [Agent(one.id, one.skills) for one in agents]


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)] if values else 0.0


def spread(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else math.nan


def gini(values: Sequence[float]) -> float:
    """0 when all worked the same, towards 1 when one did it all."""
    ordered, total = sorted(values), sum(values)
    weighted = sum((2 * place - len(ordered) + 1) * value for place, value in enumerate(ordered))
    return weighted / (len(ordered) * total) if total else 0.0


def theory(weeks: int) -> list[str]:
    found = [
        "| agents, load | Erlang C | exact, 30 weeks | exact, these weeks | routing | FIFO | most : least work |",
        "|---|---|---|---|---|---|---|",
    ]
    for agents, load in ((5, 0.8), (10, 0.85), (20, 0.9)):
        waits: dict[str, list[float]] = {"routing": [], "fifo": []}
        ratio = []
        for seed in range(1, weeks + 1):
            items, people = homogeneous(seed, agents, load)
            for name, order, choose in (
                ("routing", slack, by_routing(PLAIN)),
                ("fifo", first_come, longest_idle),
            ):
                week = simulate(items, fresh(people), order, choose, until=WEEK_S)
                waits[name].append(statistics.mean(week.waits))
                if name == "routing":
                    ratio.append(max(week.worked) / min(week.worked))
        means = {name: statistics.mean(each) for name, each in waits.items()}
        bound = erlang_c_wait(agents, load, 600)
        exact = [exact_wait(homogeneous(seed, agents, load)[0], agents) for seed in range(1, LONG_RUN + 1)]
        error = statistics.stdev(exact) / math.sqrt(LONG_RUN)
        found.append(
            f"| {agents}, {load:.0%} | {bound:.0f} s | {statistics.mean(exact):.0f} ± {error:.0f} s "
            f"| {statistics.mean(exact[:weeks]):.0f} s | {means['routing']:.0f} s | {means['fifo']:.0f} s "
            f"| {statistics.mean(ratio):.2f} |"
        )
    return found


def compare(weeks: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, (order, choose) in WAYS.items():
        each = []
        for seed in range(1, weeks + 1):
            items, people = mixed(seed)
            each.append(simulate(items, fresh(people), order, choose, until=WEEK_S))
        waits = [statistics.mean(week.waits) / 60 for week in each]
        in_time = [sum(week.in_time) / len(week.in_time) for week in each]
        found[name] = {
            "cases": statistics.mean(len(week.in_time) for week in each),
            "mean": statistics.mean(waits),
            "mean ±": spread(waits),
            "p95": statistics.mean(percentile(week.waits, 0.95) for week in each) / 60,
            "in time": statistics.mean(in_time),
            "in time ±": spread(in_time),
            "gini": statistics.mean(gini(week.worked) for week in each),
        }
    return found


COLOURS = ("#1f6f8b", "#7fb3c4", "#99a8b2", "#d0a85c")


def picture(found: dict[str, dict[str, float]]) -> str:
    """Four small bar charts side by side, one colour a way."""
    panels = (
        ("mean", "Mean wait, min"),
        ("p95", "95th percentile, min"),
        ("in time", "In time, %"),
        ("gini", "Gini of work"),
    )
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 300" font-family="sans-serif" font-size="12">']
    parts.append('<rect width="860" height="300" fill="#ffffff"/>')
    for column, (key, title) in enumerate(panels):
        left, most = 20 + column * 210, max(one[key] for one in found.values()) or 1.0
        parts.append(f'<text x="{left}" y="28" fill="#222222" font-weight="bold">{title}</text>')
        for place, (one, colour) in enumerate(zip(found.values(), COLOURS, strict=True)):
            height = 170 * one[key] / most
            x = left + place * 46
            shown = (
                f"{one[key] * 100:.1f}"
                if key == "in time"
                else f"{one[key]:.2f}"
                if key == "gini"
                else f"{one[key]:.1f}"
            )
            parts.append(f'<rect x="{x}" y="{230 - height:.1f}" width="38" height="{height:.1f}" fill="{colour}"/>')
            parts.append(
                f'<text x="{x + 19}" y="{222 - height:.1f}" text-anchor="middle" fill="#222222">{shown}</text>'
            )
        parts.append(f'<line x1="{left}" y1="230" x2="{left + 184}" y2="230" stroke="#222222"/>')
    for place, (name, colour) in enumerate(zip(found, COLOURS, strict=True)):
        parts.append(f'<rect x="{20 + place * 210}" y="262" width="14" height="14" fill="{colour}"/>')
        parts.append(f'<text x="{40 + place * 210}" y="274" fill="#222222">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=3)
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    say = sys.stdout.write
    say("\n".join(theory(asked.weeks)) + "\n\n")
    say("| way | cases a week | mean wait | 95th percentile | in time | Gini of work |\n|---|---|---|---|---|---|\n")
    found = compare(asked.weeks)
    for name, one in found.items():
        say(f"| {name} | {one['cases']:.0f} | {one['mean']:.1f} ± {one['mean ±']:.1f} min | {one['p95']:.1f} min ")
        say(f"| {one['in time']:.1%} ± {one['in time ±']:.1%} | {one['gini']:.2f} |\n")
    if asked.picture:
        asked.picture.write_text(picture(found), "utf-8")


if __name__ == "__main__":
    main()
