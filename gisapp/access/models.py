"""Tables of people, what they may do, and the tokens of their scripts (schema `gisapp`)."""

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
    sa.Column("ends_on", sa.Date),  # contractors: the last day
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("locked_until", sa.DateTime(timezone=True)),
    sa.Column(
        "session_number", sa.Integer, nullable=False, server_default="0"
    ),  # raised: signed out everywhere
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
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
