"""The expected, typed "no": what every room's errors are made of."""

from dataclasses import fields, is_dataclass
from typing import Any, ClassVar


class Refusal(Exception):
    """An expected "no" with a stable code and parameters; never a bug.

    Subclasses are dataclasses (`eq=False`) that set `code`. The code is mapped once to problem+json and once to a
    line of the message catalogue; the exception's own text is for logs and holds no parameter values.
    """

    code: ClassVar[str] = "refused"

    @property
    def params(self) -> dict[str, Any]:
        """The fields of the refusal, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)} if is_dataclass(self) else {}

    def __str__(self) -> str:
        return self.code
