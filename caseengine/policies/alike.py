"""Which cases look like this one: the same problem of the same customer, or one problem of many customers at once.

Source: docs/decisions/0013-cases-and-relations.md
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

DUPLICATE_MIN = 0.55
"""Of one customer, whose cases are few: a looser likeness is worth a look."""
KNOWN_MIN = 0.6
"""Of strangers, whose cases are many."""
CUSTOMERS_MIN = 3
"""Customers with one problem, this case's among them, that make a known problem."""
SAME_PRODUCT, SAME_ORDER = 0.1, 0.4
SHOWN_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A live case to compare with.

    Attributes:
        words: likeness of the words, 0 to 1.
        meaning: likeness of the meaning, 0 to 1; None where nobody could tell.
        customer: who it is of: one value for one customer.
        same_customer: it is of the customer of the case that is compared.
        is_parent: other cases are below it.
        parent_id: the case it is below.
    """

    id: UUID
    number: str
    words: float
    meaning: float | None = None
    customer: str
    same_customer: bool
    same_product: bool = False
    same_order: bool = False
    is_parent: bool = False
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """A case that was found, how like it is (0 to 1), and why: codes, the strongest first."""

    id: UUID
    number: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """
    Attributes:
        duplicates: of the same customer, best first: to be merged.
        known_problem: of many customers, parents first, then best first: to be put below one parent. Empty: none.
        customers: how many customers have it, this case's included.
    """

    duplicates: tuple[Alike, ...] = ()
    known_problem: tuple[Alike, ...] = ()
    customers: int = 0


def find_alike(candidates: Iterable[Candidate]) -> Found:
    """Duplicates, and whether a problem is known; order of the candidates does not matter."""
    judged = sorted(((_judge(one), one) for one in candidates), key=lambda pair: (-pair[0].score, pair[0].number))
    mine = [alike for alike, one in judged if one.same_customer and alike.score >= DUPLICATE_MIN]
    like = [(alike, one) for alike, one in judged if not one.same_customer and alike.score >= KNOWN_MIN]
    return Found(tuple(mine[:SHOWN_MAX]), *_known(like))


def _known(like: Sequence[tuple[Alike, Candidate]]) -> tuple[tuple[Alike, ...], int]:
    """A parent that looks like it is known whatever their number; otherwise several customers have to have it."""
    customers = len({one.customer for _, one in like if not one.is_parent}) + 1
    parents = [alike for alike, one in like if one.is_parent]
    if not parents and customers < CUSTOMERS_MIN:
        return (), 0
    others = [alike for alike, one in like if not one.is_parent]
    return (*parents, *others)[:SHOWN_MAX], customers


def _judge(one: Candidate) -> Alike:
    """Words and meaning each see what the other misses; the better of the two counts, and what else is the same."""
    likeness = max(one.words, one.meaning if one.meaning is not None else 0.0)
    score = likeness + SAME_PRODUCT * one.same_product + SAME_ORDER * one.same_order
    because = {
        "order_number": one.same_order,
        "words": one.words >= DUPLICATE_MIN,
        "meaning": (one.meaning or 0.0) >= DUPLICATE_MIN,
        "product": one.same_product,
        "parent": one.is_parent,
    }
    return Alike(one.id, one.number, round(min(score, 1.0), 3), tuple(name for name, holds in because.items() if holds))
