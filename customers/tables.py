"""The tables of the customer store. Conversations and cases live above this room, so their ids are plain columns."""

import sqlalchemy as sa

from storage.tables import Instant, Json, metadata

ONE_OWNER = sa.text("kind IN ('web', 'teams')")
"""Identities that an outside system vouches for belong to one contact; a mailbox or a telephone can be shared."""

TIERS = "tier IN ('A', 'B', 'C')"

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("parent_id", sa.Uuid(), sa.ForeignKey("accounts.id"), index=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("number", sa.String(40), nullable=False, unique=True),
    sa.Column("tier", sa.String(1)),
    sa.CheckConstraint(TIERS, name="tier"),
)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("name_source", sa.String(200), nullable=False),
    sa.Column("name_since", Instant),
    sa.Column("language", sa.String(20), nullable=False),
    sa.Column("tier", sa.String(1)),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint(TIERS, name="tier"),
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id"), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("value", sa.String(400), primary_key=True),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("on_file", sa.Boolean, nullable=False),
    sa.Index("ix_identities_kind_value", "kind", "value"),
    sa.Index(
        "uq_identities_one_owner", "kind", "value", unique=True, sqlite_where=ONE_OWNER, postgresql_where=ONE_OWNER
    ),
)

WORD = sa.String(80).with_variant(sa.String(80, collation="C"), "postgresql")
"""Compared by its bytes everywhere: what begins alike stands together, whatever the language of the database."""

search_words = sa.Table(
    "search_words",
    metadata,
    sa.Column("word", WORD, primary_key=True),
    sa.Column("owner_id", sa.Uuid(), primary_key=True, index=True),
)
"""What contacts and accounts are found by; see `customers.search_words`. An owner is one or the other."""

account_roles = sa.Table(
    "account_roles",
    metadata,
    sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id"), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("accounts.id"), primary_key=True, index=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.CheckConstraint("role IN ('member', 'manager')", name="role"),
)

contact_changes = sa.Table(
    "contact_changes",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id"), nullable=False),
    sa.Column("field", sa.String(20), nullable=False),
    sa.Column("old", sa.String(400)),
    sa.Column("new", sa.String(400)),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("actor", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_contact_changes_contact_id_at", "contact_id", "at"),
)

assurances = sa.Table(
    "assurances",
    metadata,
    sa.Column("conversation", sa.Uuid(), primary_key=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id"), index=True),
    sa.Column("proof", sa.String(40), nullable=False),
    sa.Column("proved_at", Instant),
    sa.Column("touched_at", Instant),
    sa.Column("cases", Json, nullable=False),
    sa.Column("claimed", Json, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)

one_time_codes = sa.Table(
    "one_time_codes",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("conversation", sa.Uuid(), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Column("subject", sa.LargeBinary(32), nullable=False),
    sa.Column("source", sa.LargeBinary(32), nullable=False),
    sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id")),
    sa.Column("case_id", sa.Uuid()),
    sa.Column("confirms", sa.String(400)),
    sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("sent_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.UniqueConstraint("conversation", "place", name="uq_one_time_codes_conversation_place"),
    sa.Index("ix_one_time_codes_conversation_sent_at", "conversation", "sent_at"),
    sa.Index("ix_one_time_codes_subject_sent_at", "subject", "sent_at"),
    sa.Index("ix_one_time_codes_source_sent_at", "source", "sent_at"),
    sa.Index("ix_one_time_codes_contact_id_sent_at", "contact_id", "sent_at"),
)

case_proofs = sa.Table(
    "case_proofs",
    metadata,
    sa.Column("case_id", sa.Uuid(), primary_key=True),
    sa.Column("proved_at", Instant, nullable=False),
)
"""Cases whose own address is proved: a code that was sent there came back. The code is forgotten, this is not."""

used_tokens = sa.Table(
    "used_tokens",
    metadata,
    sa.Column("issuer", sa.String(200), primary_key=True),
    sa.Column("jti", sa.String(200), primary_key=True),
    sa.Column("expires_at", Instant, nullable=False, index=True),
)

products = sa.Table(
    "products",
    metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("aliases", Json, nullable=False),
)

agreements = sa.Table(
    "agreements",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("entitlement", sa.String(40), nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date),
    sa.Column("cases_max", sa.Integer),
)
"""Cover of an account and those below it; both days belong to it."""

notice_preferences = sa.Table(
    "notice_preferences",
    metadata,
    sa.Column("holder_kind", sa.String(10), primary_key=True),
    sa.Column("holder_id", sa.Uuid(), primary_key=True),
    sa.Column("wishes", Json, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)
"""What a contact, whoever opened one case, or whoever reads an address wants to be told. Who has no row has the
defaults."""

notice_consents = sa.Table(
    "notice_consents",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("holder_kind", sa.String(10), nullable=False),
    sa.Column("holder_id", sa.Uuid(), nullable=False),
    sa.Column("wishes", Json, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("actor", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_notice_consents_holder_id_at", "holder_id", "at"),
)
"""Each time somebody said what they want, kept for who has to show it."""

reachability = sa.Table(
    "reachability",
    metadata,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("value", sa.String(400), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.CheckConstraint("state IN ('reachable', 'bounced', 'complained', 'blocked')", name="state"),
)
"""What is known of reaching somebody at an address. What has no row is reachable as far as anybody knows."""
