"""What `nightdesk import` prints: what came, what did not, and why, in words for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.company_file import Problem
from app.company_summary import CompanySummary
from app.rulebook_commands import BECAUSE as RULEBOOK_BECAUSE
from knowledge.articles import ImportSummary

SHOWN_MAX = 50

SKIPPED_BECAUSE = {
    "not_utf8": "not UTF-8 text",
    "too_large": "too large for one article",
    "unreadable": "cannot be read",
    "no_front_matter": "does not begin with its facts between two lines of ---",
    "bad_front_matter": "the facts between --- are not YAML",
    "no_title": "has no title",
    "title_too_long": "its title is too long",
    "unknown_audience": "audience is none of public, customer, retailer, internal",
    "bad_language": "language is no code such as en or de",
    "empty": "has no text",
    "bad_slug": "its name makes no address of a page",
    "duplicate_slug": "another file has the same name",
    "of_another_source": "an article of this name came from another source",
}

COMPANY_BECAUSE = {
    "unreadable": "cannot be read",
    "no_yaml": "is no YAML",
    "invalid": "",
    "twice": "stands there twice",
    "unknown_zone": "no such time zone",
    "unknown_country": "no public holidays are known of",
    "bad_windows": "hours of a day overlap, also those of the night before, are out of order or as long as nothing",
    "never_opens": "never opens",
    "unknown_policy": "no such policy in this rulebook",
    "unknown_calendar": "no such calendar",
    "unknown_field": "nothing of this name belongs here",
    "unknown_target": "no target but first_response, next_response and resolution",
    "unknown_status": "no status in which a case is in hand",
    "unknown_action": "no step but notify, raise, reassign, tell_manager and callback",
    "unknown_tier": "no tier but A, B and C",
    "unknown_fact": "no fact of this name",
    "duration": "working time is written as in 4h, 30m or 1h30m",
    "not_positive": "must be more than nothing",
    "too_long": "is longer than 20000 hours",
    "share": "must be more than 0 and at most 1",
    "share_or_after": "needs either share or after",
    "reserved": "this name means that there is no policy",
    "no_such_day": "no year has this day",
    "email_taken": "another agent has this address",
    "unknown_department": "no such department",
    "unknown_placeholder": "nothing stands for this: a signature has {agent}, {department} and {company}",
    "unknown_skill": "no such skill",
    "bad_shifts": "hours, dates or a zone that cannot be",
    "bad_rulebook": "says something it cannot mean",
    "unknown_account": "no such account",
    "circle": "is above itself",
    "bad_number": "cannot be an account number",
    "bad_account": "cannot be an account number",
    "bad_email": "cannot be an e-mail address",
    "bad_phone": "cannot be a telephone number",
    "bad_loyalty": "cannot be a loyalty number",
    "bad_web": "cannot be an issuer and an id there",
    "web_taken": "another contact has this id there already",
    "bad_teams": "cannot be a tenant's id and an object id in it",
    "teams_taken": (
        "another contact has this object id, and more is known of them than their first message. Where it is in this "
        "file twice, take it from one of them. Else leave it out: in Teams they show who they are by a code to the "
        "address on file"
    ),
    "teams_of_another": "another agent is this person in Teams already",
    "unknown_rulebook": "no such rulebook",
}


def show_articles(console: Console, summary: ImportSummary) -> None:
    """How many articles came, and each file that was skipped."""
    counts = ("added", "changed", "unchanged", "retired", "skipped")
    console.print("  ".join(f"{name} [bold]{len(getattr(summary, name))}[/bold]" for name in counts))
    for skipped in summary.skipped[:SHOWN_MAX]:
        why = SKIPPED_BECAUSE.get(skipped.reason, skipped.reason) + (f" ({skipped.detail})" if skipped.detail else "")
        console.print(Text.assemble("  ", ("skipped", "yellow"), f" {skipped.file}: {why}"))
    if len(summary.skipped) > SHOWN_MAX:
        console.print(f"  ... and {len(summary.skipped) - SHOWN_MAX} more")


def show_company(console: Console, summary: CompanySummary) -> None:
    """How much of each kind came, and the first passwords."""
    table = Table("", "added", "changed", "unchanged", box=None, pad_edge=False)
    for kind, tally in summary.tallies.items():
        table.add_row(kind, str(tally.added), str(tally.changed), str(tally.unchanged))
    console.print(table)
    if summary.joined:
        console.print(f"\n{summary.joined} wrote in Teams before; their cases are the contacts' of this file now.")
    if summary.not_joined:
        names = ", ".join(summary.not_joined)
        console.print("\nWrote in Teams before and not joined yet; bring the file in again:", style="yellow")
        console.print(Text(f"  {names}"), soft_wrap=True)
    if summary.passwords:
        console.print("\nFirst passwords; they are shown this once and kept nowhere:")
    for email, given in summary.passwords.items():
        console.print(Text(f"  {email}  {given}"), soft_wrap=True)


def show_problems(console: Console, problems: Sequence[Problem]) -> None:
    """Where a company file is wrong; nothing of it was taken."""
    for problem in problems[:SHOWN_MAX]:
        why = {**RULEBOOK_BECAUSE, **COMPANY_BECAUSE}.get(problem.code, problem.code)
        console.print(Text(f"{problem.where}: {why}{': ' if why else ''}{problem.value}"))
