"""Duties beside posts, wishes of pages that the worker performs, one-time links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"

NOW = sa.text("now()")
KINDS = "'add', 'change', 'reset', 'own_password', 'use_link', 'issue_token', 'revoke_token'"


def upgrade() -> None:
    op.add_column("person", sa.Column("duty", sa.Text), schema="gisapp")
    op.create_check_constraint(
        "person_duty", "person", "duty IN ('administrator', 'auditor')", schema="gisapp"
    )
    op.create_table(
        "one_time_link",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("person_id", sa.BigInteger, sa.ForeignKey("gisapp.person.id", ondelete="CASCADE")),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.CheckConstraint(
            "(purpose = 'first_administrator' AND person_id IS NULL) OR (purpose = 'password' AND person_id IS NOT NULL)",
            name="one_time_link_purpose",
        ),
        schema="gisapp",
    )
    op.create_table(
        "right_change",
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=NOW, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("asker_id", sa.BigInteger, sa.ForeignKey("gisapp.person.id")),
        sa.Column("person_id", sa.BigInteger, sa.ForeignKey("gisapp.person.id"), index=True),
        sa.Column("detail", pg.JSONB, nullable=False),
        sa.Column("secret", pg.JSONB),
        sa.Column("signature", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="asked"),
        sa.Column("why_ja", sa.Text),
        sa.Column("why_en", sa.Text),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="right_change_kind"),
        sa.CheckConstraint("state IN ('asked', 'done', 'refused')", name="right_change_state"),
        schema="gisapp",
    )
