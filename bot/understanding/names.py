"""The names of the company's own things, as the caller keeps them: what product and store names are matched against."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """One product or store; `aliases` are what people call it."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """Immutable: a refreshed list is a new `Names`, so that an index made of it knows when it is stale."""

    products: tuple[Name, ...] = ()
    stores: tuple[Name, ...] = ()
