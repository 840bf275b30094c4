"""How a case ended."""

from dataclasses import dataclass
from enum import StrEnum

from caseengine.model.errors import ResolutionIncomplete


class ResolutionCode(StrEnum):
    SOLVED = "solved"
    WORKAROUND = "workaround"
    INFORMATION_GIVEN = "information_given"
    NO_FAULT_FOUND = "no_fault_found"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Code and text are both required.

    Raises:
        ResolutionIncomplete: the code is not of the list, or the text is blank.
    """

    code: ResolutionCode
    text: str

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "code", ResolutionCode(self.code))
        except ValueError:
            raise ResolutionIncomplete from None
        if not self.text.strip():
            raise ResolutionIncomplete
