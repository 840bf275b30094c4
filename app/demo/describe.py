"""The page of the docs that lists the demo company, made from its files: `python -m app.demo.describe`."""

from collections.abc import Iterable, Sequence

from app.demo.files import ARTICLES, Company, read_company
from app.demo.load import DEMO_PASSWORD
from knowledge.ingest.folder import read_folder

INTRODUCTION = """# The demo company: Larder & Lane

<!-- Made from app/demo/company by `python -m app.demo.describe > docs/reference/demo-company.md`; a test compares. -->

Larder & Lane is a wholesaler of food, drinks and shop equipment. It serves twelve convenience shops in three groups,
and its desk answers the shops and their shoppers. Nobody in it is real: addresses end in `.example`, telephone numbers
are from the ranges kept free for fiction.

`nightdesk serve --demo` loads what is missing of it and leaves alone what is there. Ids never change, and on an empty
desk the past cases get the same numbers each time. When they happened is counted back from the moment of loading."""


def describe(company: Company) -> str:
    """The whole page, as Markdown."""
    parts = (INTRODUCTION, _sign_in(company), _accounts(company), _contacts(company), _departments(company))
    return "\n\n".join((*parts, _hours(company), _products(company), _past_cases(company), _articles())) + "\n"


def _sign_in(company: Company) -> str:
    rows = [(who.name, f"`{who.email}`", who.role, ", ".join(who.departments)) for who in company.agents]
    words = (
        f"All agents sign in with the password `{DEMO_PASSWORD}`. Contacts have none: they prove themselves in the "
        "chat with a\none-time code, which arrives on the demo's mailbox page."
    )
    return f"## Agents\n\n{words}\n\n" + _table(("Agent", "E-mail", "Role", "Departments"), rows)


def _accounts(company: Company) -> str:
    names = {account.number: account.name for account in company.accounts}
    rows = [
        (
            account.number,
            account.name,
            account.kind.replace("_", " "),
            account.town,
            names.get(account.parent or "", ""),
        )
        for account in company.accounts
    ]
    return "## Accounts\n\n" + _table(("Number", "Account", "Kind", "Town", "Belongs to"), rows)


def _contacts(company: Company) -> str:
    rows = [
        (
            contact.name,
            f"`{contact.email}`",
            contact.phone,
            ", ".join(f"{role} of {number}" for number, role in contact.roles.items()),
            contact.loyalty or "",
        )
        for contact in company.contacts
    ]
    words = (
        "A manager sees the cases of the account and of all below it; a member sees their own. Dan and Nadia share a "
        "mailbox on\npurpose: a code to it proves neither of them, and its readers are told so."
    )
    heads = ("Contact", "E-mail", "Telephone", "Roles", "Lane Card")
    return f"## Contacts\n\n{words}\n\n" + _table(heads, rows)


def _departments(company: Company) -> str:
    rows = [(f"`{department.id}`", department.name, department.examples[0]) for department in company.departments]
    return "## Departments\n\n" + _table(("Id", "Department", "For example"), rows)


def _hours(company: Company) -> str:
    calendar = company.calendar
    rows = [(day.capitalize(), ", ".join(hours) or "closed") for day, hours in calendar.windows.items()]
    own = ", ".join(f"{day.name} ({day.day}/{day.month})" for day in calendar.own_days)
    words = (
        f"Times of {calendar.zone}. Closed on the public holidays of England, which come from the `holidays` library, "
        f"and on\n{own}. A new case is promised an answer within four hours of this time."
    )
    return f"## Desk hours\n\n{words}\n\n" + _table(("Day", "Hours"), rows)


def _products(company: Company) -> str:
    rows = [(f"`{product.id}`", product.name, ", ".join(product.aliases)) for product in company.products]
    return "## Products\n\n" + _table(("Id", "Product", "Also called"), rows)


def _past_cases(company: Company) -> str:
    rows = [
        (f"CAS-{number:05}", record.subject, record.department, record.state.replace("_", " "))
        for number, record in enumerate(company.past_cases, start=1)
    ]
    words = "On an empty desk. The random part and the check character that follow are left out here."
    return f"## Past cases\n\n{words}\n\n" + _table(("Number", "Subject", "Department", "State"), rows)


def _articles() -> str:
    found, _ = read_folder(ARTICLES)
    rows = [(f"`{article.slug}`", article.title, article.audience.label) for article in found]
    return f"## Articles\n\nThere are {len(found)}.\n\n" + _table(("Slug", "Title", "Audience"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    print(describe(read_company()), end="")  # noqa: T201 (the page is the output)
