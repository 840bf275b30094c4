"""Mails that came in, where their conversations stand, and the mails that went out."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, Json, Serial, metadata

mails = sa.Table(
    "mails",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("envelope", Json, nullable=False),
    sa.Column("state", sa.String(12), nullable=False, server_default="kept"),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("next_try_at", Instant),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.Column("message_id", sa.String(400), nullable=False, server_default=EMPTY),
    sa.Column("sender", sa.String(320), nullable=False, server_default=EMPTY),
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id")),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("verdict", sa.String(40), nullable=False, server_default=EMPTY),
    sa.Column("original", Json),
    sa.Column("dropped_at", Instant),
    sa.Column("belief", sa.String(8), nullable=False, server_default=EMPTY),
    sa.Column("copy_of", Serial),
    sa.CheckConstraint("state IN ('kept', 'filed', 'quarantined')", name="state"),
    sa.Index("ix_mails_kept", "id", sqlite_where=sa.text("state = 'kept'"), postgresql_where=sa.text("state = 'kept'")),
    sa.Index("ix_mails_state_id", "state", "id"),
    sa.Index("ix_mails_message_id", "message_id"),
    sa.Index(
        "ix_mails_case_id",
        "case_id",
        sqlite_where=sa.text("case_id IS NOT NULL"),
        postgresql_where=sa.text("case_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_mails_raw_kept",
        "state",
        "received_at",
        sqlite_where=sa.text("dropped_at IS NULL"),
        postgresql_where=sa.text("dropped_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""
A mail is kept before anybody has looked into it: `digest` tells it from others, `raw` and `envelope` are how it came.
Filed, `verdict` says why it went where it went, `original` what is left of it beside the new words: see `Original`.
`dropped_at`: since when `raw` is empty, because nobody needs it any more. `copy_of`: the first that came of the same
mail. `belief`: how far its sender was believed, or that of a copy which was vouched for; empty before it is filed.
"""

mail_threads = sa.Table(
    "mail_threads",
    metadata,
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("address", sa.String(320), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("subject", sa.String(400), nullable=False),
    sa.Column("cc", Json, nullable=False),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("message_ids", Json, nullable=False),
    sa.Column("vouched", sa.Boolean, nullable=False),
    sa.Column("beside", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Index("ix_mail_threads_address", "address", "beside"),
)
"""
Where a conversation by mail stands. `address` is whom it is with, empty where nobody can be answered; `token_hash` is
of the token in the address that answers go to; `message_ids` the References of the next mail, oldest first; `vouched`
whether the newest mail's sender was; `beside` the case its first mail wanted to go to and was not let in.
"""

sent_mails = sa.Table(
    "sent_mails",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("message_id", sa.String(200), nullable=False, unique=True),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("purpose", sa.String(12), nullable=False),
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id")),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("recipient", sa.String(320), nullable=False),
    sa.Column("others", Json, nullable=False),
    sa.Column("automatic", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("proof", Json),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("purpose", "key", name="uq_sent_mails_purpose_key"),
    sa.CheckConstraint("purpose IN ('answer', 'forward', 'notice')", name="purpose"),
    sa.CheckConstraint("state IN ('planned', 'sent', 'skipped', 'refused')", name="state"),
    sa.Index("ix_sent_mails_recipient_at", "recipient", "at"),
    sqlite_autoincrement=True,
)
"""
One row for each mail of a conversation or a case, made before it is handed over. `token_hash` is of the token in its
envelope sender, by which a bounce finds it, and in the address for answers to a forward or a notice. The key of a
notice is its batch.
"""

sent_envelopes = sa.Table(
    "sent_envelopes",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column(
        "message_id",
        sa.String(200),
        sa.ForeignKey("sent_mails.message_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("recipient", sa.String(320), nullable=False),
)
"""
Envelopes with a sender of their own, whose token `token_hash` is of: those of copies, and of whoever a forward or a
notice went to, since that mail's own token stands in its Reply-To. Nobody but their recipient, and
servers on the way, sees them.
"""

mail_allowances = sa.Table(
    "mail_allowances",
    metadata,
    sa.Column("address", sa.String(320), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sent", Json, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)
"""When machines of ours wrote to an address in the last hour; `at` is the newest of it."""

case_mentions = sa.Table(
    "case_mentions",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("sender", sa.String(320), nullable=False),
    sa.Column("number", sa.String(24), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("noted_at", Instant),
    sa.Index("ix_case_mentions_case_id_noted_at", "case_id", "noted_at"),
    sa.Index(
        "ix_case_mentions_waiting",
        "case_id",
        sqlite_where=sa.text("noted_at IS NULL"),
        postgresql_where=sa.text("noted_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""
Somebody's mail named `case_id`, and they do not take part in it: their words are on the case `number`. Written without
touching the case they named, whose agents are told later, of many at once: `noted_at`. Or a machine's mail about
`case_id`, without a `number`: `reason` says whether it is a note of its own or one of a count.
"""
