"""People, memberships, tokens, uploads, revisions; the job queue in its own schema."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("login", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("ends_on", sa.Date),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.Column("session_number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        schema="gisapp",
    )
    op.create_table(
        "membership",
        sa.Column(
            "person_id",
            sa.BigInteger,
            sa.ForeignKey("gisapp.person.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("department", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'approver', 'layer_owner')", name="membership_role"),
        schema="gisapp",
    )
    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column(
            "person_id", sa.BigInteger, sa.ForeignKey("gisapp.person.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("layers", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("verbs", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        schema="gisapp",
    )
    states = "'received', 'checking', 'checked', 'publishing', 'published', 'refused', 'failed', 'discarded'"
    op.create_table(
        "upload",
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("layer", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("options", pg.JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="received"),
        sa.Column("done", sa.Float, nullable=False, server_default="0"),
        sa.Column("report", pg.JSONB),
        sa.Column("person_id", sa.BigInteger, sa.ForeignKey("gisapp.person.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(f"state IN ({states})", name="upload_state"),
        schema="gisapp",
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("layer", sa.Text, nullable=False, index=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", pg.JSONB, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=NOW),
        schema="gisapp",
    )
    _create_job_queue()


def _create_job_queue() -> None:
    """Procrastinate's own schema, kept apart from ours: its SQL names no schema, so the path is set around it."""
    connection = op.get_bind()
    connection.exec_driver_sql("CREATE SCHEMA jobs")
    connection.exec_driver_sql("SET LOCAL search_path = jobs, public")
    with connection.connection.dbapi_connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())  # whole, with no parameters: it holds % signs
    connection.exec_driver_sql("SET LOCAL search_path = public")
