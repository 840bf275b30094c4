"""How urgent a case is for the desk."""

from enum import IntEnum


class Priority(IntEnum):
    """P1 comes first."""

    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4
