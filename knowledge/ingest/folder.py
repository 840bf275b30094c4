"""A folder of Markdown files with YAML front matter, read into articles; what cannot be read is said, not guessed.

How authors write them: docs/how-to/write-articles.md
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from knowledge.article import SLUG_CHARS_MAX, TITLE_CHARS_MAX, Article, Audience
from knowledge.errors import FolderNotFound

FILE_BYTES_MAX = 200_000
QUESTIONS_MAX = 50
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<front>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")


class Reason(StrEnum):
    """Why a file was skipped; the words for it are the caller's."""

    NOT_UTF8 = "not_utf8"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    NO_FRONT_MATTER = "no_front_matter"
    BAD_FRONT_MATTER = "bad_front_matter"
    NO_TITLE = "no_title"
    TITLE_TOO_LONG = "title_too_long"
    UNKNOWN_AUDIENCE = "unknown_audience"
    BAD_LANGUAGE = "bad_language"
    EMPTY = "empty"
    BAD_SLUG = "bad_slug"
    DUPLICATE_SLUG = "duplicate_slug"
    OF_ANOTHER_SOURCE = "of_another_source"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that gave no article.

    Attributes:
        file: path inside the folder.
        detail: what was found there, or where; never a whole text.
        slug: the article it would have been; one that was imported before stays as it was.
    """

    file: str
    reason: Reason
    detail: str = ""
    slug: str = ""


class Unfit(Exception):
    """A file cannot become an article; turned into a `Skipped`."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def read_folder(folder: Path) -> tuple[list[Article], list[Skipped]]:
    """All articles below a folder in order of path, and the files that gave none, each with its reason.

    Files and folders whose name begins with "." or "_" are not looked at, nor is README.md; links are not followed.

    Raises:
        FolderNotFound: there is no such folder.
    """
    if not folder.is_dir():
        raise FolderNotFound(str(folder))
    articles: dict[str, Article] = {}
    skipped: list[Skipped] = []
    for path in article_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            article = read_file(path)
            if article.slug in articles:
                raise Unfit(Reason.DUPLICATE_SLUG, article.slug)
            articles[article.slug] = article
        except Unfit as unfit:
            skipped.append(Skipped(name, unfit.reason, unfit.detail, slug_of(path.stem)))
    return list(articles.values()), skipped


def article_files(folder: Path) -> Iterator[Path]:
    """The files that should be articles, in order of path."""
    for path in sorted(folder.rglob("*.md")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "_")) for part in parts)
        if not hidden and path.name.lower() != "readme.md" and path.is_file() and not path.is_symlink():
            yield path


def read_file(path: Path) -> Article:
    """The article in one file.

    Raises:
        Unfit: it is none, and why.
    """
    return read_article(_text_of(path), name=path.stem)


def read_article(text: str, *, name: str) -> Article:
    """An article from its text; `name` gives the slug when the front matter does not.

    Raises:
        Unfit: it is none, and why.
    """
    front, body = _parts(text)
    if not body.strip():
        raise Unfit(Reason.EMPTY)
    slug = slug_of(_line(front, "slug") or name)
    if not slug:
        raise Unfit(Reason.BAD_SLUG, name)
    return Article(
        slug=slug,
        title=_title(front),
        body=body.strip() + "\n",
        audience=_audience(front),
        language=_language(front),
        products=tuple(sorted(set(_lines(front, "products")))),
        questions=tuple(dict.fromkeys(_lines(front, "questions")))[:QUESTIONS_MAX],
    )


def slug_of(name: str) -> str:
    """A name as it can stand in an address: `Fridge – error E4` is `fridge-error-e4`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_CHARS_MAX].strip("-")


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise Unfit(Reason.TOO_LARGE, f"{path.stat().st_size} > {FILE_BYTES_MAX}")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unfit(Reason.NOT_UTF8, f"byte {error.start}") from error
    except OSError as error:
        raise Unfit(Reason.UNREADABLE, error.strerror or "") from error
    if "\0" in text:
        raise Unfit(Reason.NOT_UTF8, f"byte {text.index(chr(0))}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parts(text: str) -> tuple[Mapping[str, Any], str]:
    found = FRONT_MATTER.match(text)
    if found is None:
        raise Unfit(Reason.NO_FRONT_MATTER)
    try:
        front = yaml.safe_load(found["front"])
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise Unfit(Reason.BAD_FRONT_MATTER, f"line {line}: {error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unfit(Reason.BAD_FRONT_MATTER, type(error).__name__) from error
    if not isinstance(front, dict):
        raise Unfit(Reason.BAD_FRONT_MATTER)
    return front, text[found.end() :]


def _title(front: Mapping[str, Any]) -> str:
    title = " ".join(_line(front, "title").split())
    if not title:
        raise Unfit(Reason.NO_TITLE)
    if len(title) > TITLE_CHARS_MAX:
        raise Unfit(Reason.TITLE_TOO_LONG, f"{len(title)} > {TITLE_CHARS_MAX}")
    return title


def _audience(front: Mapping[str, Any]) -> Audience:
    """Never guessed: an article without an audience could be read by the wrong people."""
    said = _line(front, "audience")
    try:
        return Audience.labelled(said)
    except KeyError as error:
        raise Unfit(Reason.UNKNOWN_AUDIENCE, said) from error


def _language(front: Mapping[str, Any]) -> str:
    said = _line(front, "language") or "en"
    if not LANGUAGE.fullmatch(said):
        raise Unfit(Reason.BAD_LANGUAGE, said)
    return said


def _line(front: Mapping[str, Any], key: str) -> str:
    value = front.get(key)
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise Unfit(Reason.BAD_FRONT_MATTER, key)
    return str(value).strip()


def _lines(front: Mapping[str, Any], key: str) -> Sequence[str]:
    value = front.get(key)
    items = value if isinstance(value, list) else [] if value is None else [value]
    if any(isinstance(item, (dict, list)) for item in items):
        raise Unfit(Reason.BAD_FRONT_MATTER, key)
    return [" ".join(str(item).split()) for item in items if item is not None and str(item).strip()]
