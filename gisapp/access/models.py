"""Tables of people, what they may do, what they asked to be changed, and the tokens of their scripts (schema `gisapp`)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from gisapp.db import PLATFORM

person = sa.Table(
    "person",
    PLATFORM,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("login", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("duty", sa.Text),  # administrator, auditor: neither gives any department's rights
    sa.Column("ends_on", sa.Date),  # contractors: the last day
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("locked_until", sa.DateTime(timezone=True)),
    sa.Column(
        "session_number", sa.Integer, nullable=False, server_default="0"
    ),  # raised: signed out everywhere
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint("duty IN ('administrator', 'auditor')", name="person_duty"),
)

membership = sa.Table(
    "membership",
    PLATFORM,
    sa.Column("person_id", sa.ForeignKey("gisapp.person.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("department", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.CheckConstraint("role IN ('viewer', 'editor', 'approver', 'layer_owner')", name="membership_role"),
)

token = sa.Table(
    "token",
    PLATFORM,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("gisapp.person.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),  # SHA-256 of the 256-bit random token
    sa.Column("layers", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("verbs", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
    sa.Column("last_used_at", sa.DateTime(timezone=True)),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

one_time_link = sa.Table(
    "one_time_link",
    PLATFORM,
    sa.Column("hash", sa.LargeBinary, primary_key=True),  # SHA-256 of the 256-bit random code
    sa.Column("purpose", sa.Text, nullable=False),  # first_administrator, password
    sa.Column("person_id", sa.ForeignKey("gisapp.person.id", ondelete="CASCADE")),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("used_at", sa.DateTime(timezone=True)),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint(
        "(purpose = 'first_administrator' AND person_id IS NULL) OR (purpose = 'password' AND person_id IS NOT NULL)",
        name="one_time_link_purpose",
    ),
)

KINDS = ("add", "change", "reset", "own_password", "use_link", "issue_token", "revoke_token")

right_change = sa.Table(
    "right_change",
    PLATFORM,
    sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now(), index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("asker_id", sa.ForeignKey("gisapp.person.id")),  # none: who opened a one-time link
    sa.Column("person_id", sa.ForeignKey("gisapp.person.id"), index=True),  # none before the person is there
    sa.Column("detail", pg.JSONB, nullable=False),
    sa.Column("secret", pg.JSONB),  # hashes and codes: `app` writes and cannot read them; emptied when done
    sa.Column("signature", sa.Text, nullable=False),  # by the web process's secret file: see access.wishes
    sa.Column("state", sa.Text, nullable=False, server_default="asked"),
    sa.Column("why_ja", sa.Text),
    sa.Column("why_en", sa.Text),
    sa.Column("done_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("kind IN ('" + "', '".join(KINDS) + "')", name="right_change_kind"),
    sa.CheckConstraint("state IN ('asked', 'done', 'refused')", name="right_change_state"),
)
