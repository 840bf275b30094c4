"""Markdown into passages: by heading, then by block, then by sentence, each at most about WORDS_MAX words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from markdown_it import MarkdownIt

WORDS_MAX = 120
"""What the encoder reads whole (256 wordpieces) with room for the title in front."""
HEADING_CHARS_MAX = 400
SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")

MARKDOWN = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an article: the path of headings above it, and its Markdown."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table or the like, as its lines stand in the source."""

    headings: tuple[str, ...]
    text: str


def split(body: str) -> list[Piece]:
    """The passages of a Markdown text, in order; headings without text below them give none.

    Neighbouring blocks under one heading share a passage as long as it stays within WORDS_MAX words; a larger block is
    cut between lines or sentences, and a larger sentence between words.
    """
    pieces: list[Piece] = []
    for headings, texts in _by_heading(_blocks(body)):
        heading = " > ".join(headings)[:HEADING_CHARS_MAX]
        pieces.extend(Piece(heading, text) for text in _packed(texts))
    return pieces


def _blocks(body: str) -> Iterator[Block]:
    lines = body.split("\n")
    path: dict[int, str] = {}
    tokens = MARKDOWN.parse(body)
    for number, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        if token.type == "heading_open":
            depth = int(token.tag[1:])
            path = {level: text for level, text in path.items() if level < depth}
            path[depth] = " ".join(tokens[number + 1].content.split())
        elif text := "\n".join(lines[slice(*token.map)]).strip("\n").rstrip():
            yield Block(tuple(path.values()), text)


def _by_heading(blocks: Iterable[Block]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    headings: tuple[str, ...] = ()
    texts: list[str] = []
    for block in blocks:
        if block.headings != headings and texts:
            yield headings, texts
            texts = []
        headings = block.headings
        texts.append(block.text)
    if texts:
        yield headings, texts


def _packed(texts: Sequence[str]) -> Iterator[str]:
    held: list[str] = []
    for text in chain.from_iterable(map(_cut, texts)):
        if held and _count([*held, text]) > WORDS_MAX:
            yield "\n\n".join(held)
            held = []
        held.append(text)
    if held:
        yield "\n\n".join(held)


def _cut(text: str) -> Iterator[str]:
    """A block as pieces of at most WORDS_MAX words, cut where it hurts least."""
    if _count([text]) <= WORDS_MAX:
        yield text
        return
    for separator, parts in (("\n", text.split("\n")), (" ", SENTENCE_END.split(text)), (" ", text.split())):
        if max(_count([part]) for part in parts) <= WORDS_MAX:
            yield from _joined(parts, separator)
            return


def _joined(parts: Sequence[str], separator: str) -> Iterator[str]:
    held: list[str] = []
    for part in parts:
        if held and _count([*held, part]) > WORDS_MAX:
            yield separator.join(held)
            held = []
        held.append(part)
    yield separator.join(held)


def _count(texts: Iterable[str]) -> int:
    return sum(len(text.split()) for text in texts)
