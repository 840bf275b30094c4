"""The one place where understanding leans on the case engine: what a typed case number stands for."""

from caseengine.model.number import CaseNumber, read_number


def readable(typed: str) -> str | None:
    """The number as the desk writes it; None when a slip was made."""
    read = read_number(typed)
    return str(read) if isinstance(read, CaseNumber) else None
