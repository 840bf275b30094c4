"""What has to be done before a case is done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One thing to do. `required`: the case cannot be resolved before."""

    id: str
    text: str
    required: bool = False
    done: bool = False
