"""What the desk knows, and who may read it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Self

import orjson

TITLE_CHARS_MAX = 200
SLUG_CHARS_MAX = 120


class Audience(IntEnum):
    """Who may read something; each may read everything that is below it."""

    PUBLIC = 0
    CUSTOMER = 1
    RETAILER = 2
    INTERNAL = 3

    @property
    def label(self) -> str:
        """The word used in front matter, tables and JSON."""
        return self.name.lower()

    @classmethod
    def labelled(cls, label: str) -> Self:
        """The audience a word names.

        Raises:
            KeyError: no audience is called that.
        """
        return cls[label.strip().upper()]


class State(StrEnum):
    """An imported article is published; it is retired when its file is gone."""

    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Article:
    """One article as its author wrote it.

    Attributes:
        slug: its id and the last part of its address.
        products: ids of the products it is about, in alphabetical order.
        questions: other ways people ask for it; searched like the title.
        body: Markdown.
    """

    slug: str
    title: str
    body: str
    audience: Audience = Audience.PUBLIC
    language: str = "en"
    products: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 over everything an author can change, in hexadecimal."""
        content = [self.title, self.body, self.audience.label, self.language, list(self.products), list(self.questions)]
        return hashlib.sha256(orjson.dumps(content)).hexdigest()


@dataclass(frozen=True, slots=True)
class Revision:
    """An article as it once stood; `number` grows by one with each change."""

    slug: str
    number: int
    title: str
    audience: Audience
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PastCase:
    """How a case ended: what the customer saw, and what helped. Read by the agents alone unless it says otherwise."""

    case_number: str
    symptom: str
    resolution: str
    audience: Audience = Audience.INTERNAL
    language: str = "en"

    @property
    def content_hash(self) -> str:
        """SHA-256 over everything that is searched or shown, in hexadecimal."""
        content = [self.symptom, self.resolution, self.audience.label, self.language]
        return hashlib.sha256(orjson.dumps(content)).hexdigest()
