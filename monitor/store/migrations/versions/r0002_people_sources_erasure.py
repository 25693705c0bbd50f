"""Absences of staff, what is remembered of each source and import, and what was erased."""

import sqlalchemy as sa
from alembic import op

from monitor.store.types import Instant, Json

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("substitute", sa.String(), nullable=True),
        sa.Column("begins_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dossier_code", sa.String(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=False),
        sa.Column("erased_by", sa.String(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("dossier", sa.Column("ground", sa.String(), nullable=True))
    op.add_column("import_file", sa.Column("report", Json(), nullable=True))
    op.add_column("source", sa.Column("filled", Json(), nullable=True))
    op.add_column("source", sa.Column("doubled", Json(), nullable=True))
    op.add_column("rule_book", sa.Column("document", sa.Text(), nullable=True))


def downgrade() -> None:
    for table, column in (
        ("rule_book", "document"),
        ("source", "doubled"),
        ("source", "filled"),
        ("import_file", "report"),
        ("dossier", "ground"),
    ):
        op.drop_column(table, column)
    op.drop_table("erasure")
    op.drop_table("absence")
