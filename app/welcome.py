"""What `nightdesk serve` prints once the desk listens: where everything is, and in the demo who one can be."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from app.demo.load import SignIn, demo_sign_ins
from app.settings import Settings

AGENTS_SHOWN_MAX = 2
NAME_WIDTH = 15


def show_welcome(console: Console, settings: Settings) -> None:
    """Addresses first; they can be clicked where the terminal knows links."""
    console.print("\n[bold]Nightdesk is open.[/bold] Ctrl-C closes it.\n")
    _show(console, ((name, f"[link={address}]{address}[/link]") for name, address in places(settings)))
    console.print()
    if settings.demo:
        _show(console, people(demo_sign_ins()))
        console.print()


def places(settings: Settings) -> list[tuple[str, str]]:
    """What there is to open, and where."""
    origin = settings.origin
    own = [("workspace", f"{origin}/workspace"), ("help pages", f"{origin}/help")]
    own += [("agents' API", f"{origin}/api/docs"), ("ready?", f"{origin}/readyz")]
    if not settings.demo:
        return own
    demo = [("start here", f"{origin}/"), ("shop with chat", f"{origin}/demo/shop")]
    return [*demo, ("mails sent", f"{origin}/demo/mailbox"), *own]


def people(signs: Sequence[SignIn]) -> list[tuple[str, ...]]:
    """Whom a visitor of the demo can be. There are more, in docs/reference/demo-company.md."""
    agents = [one for one in signs if one.password is not None]
    customer = next(one for one in signs if one.password is None)
    rows: list[tuple[str, ...]] = [("be a customer", customer.email, "proved by a mailed code")]
    rows += [("be an agent", agent.email, ", ".join(agent.of)) for agent in different(agents)]
    rows += [(f"be a {one.role}", one.email, "every department") for one in agents if one.role != "agent"]
    return [*rows, ("their password", str(agents[0].password), "in the workspace")]


def different(agents: Sequence[SignIn]) -> list[SignIn]:
    """The first agents who share no department."""
    shown: list[SignIn] = []
    taken: set[str] = set()
    for agent in (one for one in agents if one.role == "agent"):
        if len(shown) < AGENTS_SHOWN_MAX and not taken & {*agent.of}:
            shown.append(agent)
            taken |= {*agent.of}
    return shown


def _show(console: Console, rows: Iterable[tuple[str, ...]]) -> None:
    """In columns, of which the first two stay whole: an address cut short is none."""
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=NAME_WIDTH, no_wrap=True)
    table.add_column(no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)
