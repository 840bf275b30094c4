"""Articles in the tables: reading them, and bringing them up to date with a folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from knowledge.article import Article, Audience, Revision, State
from knowledge.errors import ArticleNotFound
from knowledge.ingest.folder import Reason, Skipped
from knowledge.ingest.passages import article_passages, remove_passages, replace_passages
from knowledge.tables import article_revisions, articles, passages
from storage.transaction import Snapshot, UnitOfWork, insertion

FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import did: slugs by what became of them, and the files it skipped."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """What the tables know of an article that matters to an import."""

    source: str
    state: State
    content_hash: str
    revision: int


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import is going to do."""

    added: tuple[Article, ...]
    changed: tuple[tuple[Article, Stored], ...]
    unchanged: tuple[str, ...]
    retired: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    @property
    def summary(self) -> ImportSummary:
        return ImportSummary(
            tuple(article.slug for article in self.added),
            tuple(article.slug for article, _ in self.changed),
            self.unchanged,
            self.retired,
            self.skipped,
        )


async def import_articles(
    work: UnitOfWork,
    found: Sequence[Article],
    *,
    at: datetime,
    source: str = FOLDER,
    skipped: Sequence[Skipped] = (),
) -> ImportSummary:
    """Bring the articles of one source up to date: only what changed is written.

    Args:
        source: what they came from, e.g. the folder. An article of this source that is not among `found` is retired,
            unless its file is among `skipped`: a slip in a file must not take the article away.
        skipped: passed on into the summary.
    """
    plan = await plan_import(work, found, source=source, skipped=skipped)
    for article in plan.added:
        await add_article(work, article, source=source, at=at)
    for article, stored in plan.changed:
        await change_article(work, article, stored, source=source, at=at)
    for slug in plan.retired:
        retire_article(work, slug, at=at)
    return plan.summary


async def plan_import(
    snapshot: Snapshot, found: Sequence[Article], *, source: str, skipped: Sequence[Skipped] = ()
) -> ImportPlan:
    """What an import of these articles would do; nothing is written."""
    stored = await _stored(snapshot)
    ours = [article for article in found if not _is_anothers(stored.get(article.slug), source)]
    anothers = [_anothers(article, stored[article.slug]) for article in found if article not in ours]
    known = [(article, stored[article.slug]) for article in ours if article.slug in stored]
    changed = [(article, old) for article, old in known if _differs(article, old)]
    kept = {article.slug for article in found} | {skip.slug for skip in skipped}
    return ImportPlan(
        added=tuple(article for article in ours if article.slug not in stored),
        changed=tuple(changed),
        unchanged=tuple(article.slug for article, old in known if not _differs(article, old)),
        retired=tuple(slug for slug, old in stored.items() if _is_ours(old, source) and slug not in kept),
        skipped=(*skipped, *anothers),
    )


async def add_article(work: UnitOfWork, article: Article, *, source: str, at: datetime) -> None:
    """Publish a new article as its first revision."""
    row = {"slug": article.slug, **_values(article, source, 1, at)}
    work.write(insertion(articles, row))
    await _keep_revision(work, article, 1, at)


async def change_article(work: UnitOfWork, article: Article, stored: Stored, *, source: str, at: datetime) -> None:
    """Publish the next revision. At commit: Conflict when somebody else changed it meanwhile."""
    number = stored.revision + 1
    work.write(
        sa.update(articles)
        .where(articles.c.slug == article.slug, articles.c.revision == stored.revision)
        .values(_values(article, source, number, at)),
        rows=1,
    )
    await _keep_revision(work, article, number, at)


def retire_article(work: UnitOfWork, slug: str, *, at: datetime) -> None:
    """Take an article out of search and help pages; its revisions stay."""
    work.write(sa.update(articles).where(articles.c.slug == slug).values(state=State.RETIRED.value, changed_at=at))
    remove_passages(work, passages.c.article, slug)


async def article(snapshot: Snapshot, slug: str, *, audience: Audience) -> Article:
    """A published article that this audience may read.

    Raises:
        ArticleNotFound: there is none, or it is not theirs to read; the two look the same.
    """
    row = await snapshot.first(sa.select(articles).where(articles.c.slug == slug, articles.c.state == "published"))
    if row is None or Audience.labelled(row.audience) > audience:
        raise ArticleNotFound(slug)
    return _article(row)


async def published(snapshot: Snapshot, *, audience: Audience) -> list[Article]:
    """All published articles that this audience may read, by slug."""
    rows = await snapshot.rows(
        sa.select(articles)
        .where(articles.c.state == "published", articles.c.audience.in_(_labels(audience)))
        .order_by(articles.c.slug)
    )
    return [_article(row) for row in rows]


async def revisions(snapshot: Snapshot, slug: str) -> list[Revision]:
    """How an article stood over time, oldest first."""
    columns = article_revisions.c
    rows = await snapshot.rows(sa.select(article_revisions).where(columns.slug == slug).order_by(columns.revision))
    return [
        Revision(row.slug, row.revision, row.title, Audience.labelled(row.audience), row.body, row.at) for row in rows
    ]


async def _stored(snapshot: Snapshot) -> Mapping[str, Stored]:
    columns = (articles.c.slug, articles.c.source, articles.c.state, articles.c.content_hash, articles.c.revision)
    rows = await snapshot.rows(sa.select(*columns).order_by(articles.c.slug))
    return {row.slug: Stored(row.source, State(row.state), row.content_hash, row.revision) for row in rows}


def _is_ours(old: Stored, source: str) -> bool:
    return old.source == source and old.state is State.PUBLISHED


def _is_anothers(old: Stored | None, source: str) -> bool:
    return old is not None and old.source != source and old.state is State.PUBLISHED


def _anothers(article: Article, old: Stored) -> Skipped:
    return Skipped(f"{article.slug}.md", Reason.OF_ANOTHER_SOURCE, old.source, article.slug)


def _differs(article: Article, old: Stored) -> bool:
    return old.state is State.RETIRED or old.content_hash != article.content_hash


def _values(article: Article, source: str, revision: int, at: datetime) -> dict[str, Any]:
    return {
        "source": source,
        "title": article.title,
        "audience": article.audience.label,
        "language": article.language,
        "products": list(article.products),
        "questions": list(article.questions),
        "body": article.body,
        "content_hash": article.content_hash,
        "revision": revision,
        "state": State.PUBLISHED.value,
        "changed_at": at,
    }


async def _keep_revision(work: UnitOfWork, article: Article, number: int, at: datetime) -> None:
    row = {
        "slug": article.slug,
        "revision": number,
        "title": article.title,
        "audience": article.audience.label,
        "body": article.body,
        "content_hash": article.content_hash,
        "at": at,
    }
    work.write(insertion(article_revisions, row))
    await replace_passages(work, passages.c.article, article.slug, article.title, article_passages(article))


def _article(row: sa.Row[Any]) -> Article:
    return Article(
        slug=row.slug,
        title=row.title,
        body=row.body,
        audience=Audience.labelled(row.audience),
        language=row.language,
        products=tuple(row.products),
        questions=tuple(row.questions),
    )


def _labels(audience: Audience) -> Iterable[str]:
    return [each.label for each in Audience if each <= audience]
