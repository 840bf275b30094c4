"""Articles with their revisions, resolutions of past cases, and the passages both are searched by."""

import sqlalchemy as sa

from storage.tables import Instant, Json, Serial, metadata

AUDIENCES = "audience IN ('public', 'customer', 'retailer', 'internal')"

articles = sa.Table(
    "articles",
    metadata,
    sa.Column("slug", sa.String(120), primary_key=True),
    sa.Column("source", sa.String(400), nullable=False),  # the folder it came from; only that folder retires it
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("audience", sa.String(12), nullable=False),
    sa.Column("language", sa.String(12), nullable=False),
    sa.Column("products", Json, nullable=False),
    sa.Column("questions", Json, nullable=False),  # other ways people ask for it
    sa.Column("body", sa.Text, nullable=False),  # Markdown
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.CheckConstraint(AUDIENCES, name="audience"),
    sa.CheckConstraint("state IN ('published', 'retired')", name="state"),
    sa.Index("ix_articles_source", "source", "slug"),
    sa.Index("ix_articles_state", "state", "slug"),
)

article_revisions = sa.Table(
    "article_revisions",
    metadata,
    sa.Column("slug", sa.String(120), sa.ForeignKey("articles.slug"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("audience", sa.String(12), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
)

resolutions = sa.Table(
    "resolutions",
    metadata,
    sa.Column("case_number", sa.String(40), primary_key=True),
    sa.Column("symptom", sa.Text, nullable=False),
    sa.Column("resolution", sa.Text, nullable=False),
    sa.Column("audience", sa.String(12), nullable=False),
    sa.Column("language", sa.String(12), nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.CheckConstraint(AUDIENCES, name="audience"),
)

passages = sa.Table(
    "passages",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("article", sa.String(120), sa.ForeignKey("articles.slug")),
    sa.Column("case_number", sa.String(40), sa.ForeignKey("resolutions.case_number")),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("heading", sa.String(400), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("encoder", sa.String(120)),  # name and version of what made the embedding
    sa.Column("embedding", sa.LargeBinary),  # float32, little endian, unit length
    sa.CheckConstraint("kind IN ('title', 'question', 'text')", name="kind"),
    sa.CheckConstraint("(article IS NULL) <> (case_number IS NULL)", name="owner"),
    sa.Index("ix_passages_article", "article", "position"),
    sa.Index("ix_passages_case_number", "case_number", "position"),
    sa.Index("ix_passages_encoder", "encoder", "id"),
    sqlite_autoincrement=True,  # an id is never given twice: the index tells new passages from old ones by it
)
