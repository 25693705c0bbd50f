"""Absences, what is remembered of each source and import, what was erased, and every acceptance of a rule book."""

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
    op.add_column("rejection", sa.Column("code", sa.String(), nullable=True))
    op.add_column("import_file", sa.Column("received_from", sa.Date(), nullable=True))
    op.add_column("import_file", sa.Column("received_to", sa.Date(), nullable=True))
    op.add_column("import_file", sa.Column("report", Json(), nullable=True))
    op.add_column("import_file", sa.Column("report_told_at", Instant(), nullable=True))
    op.add_column("source", sa.Column("filled", Json(), nullable=True))
    op.add_column("source", sa.Column("doubled", Json(), nullable=True))
    _separate_acceptances()


def _separate_acceptances() -> None:
    """A book may be accepted again, and each time is remembered: who and why stand beside the book, not in it."""
    op.create_table(
        "rule_acceptance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("accepted_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["hash"], ["rule_book.hash"]),
    )
    op.execute(
        "INSERT INTO rule_acceptance (hash, accepted_at, accepted_by, reason) "
        "SELECT hash, accepted_at, accepted_by, reason FROM rule_book ORDER BY accepted_at, in_force"
    )
    for column in ("accepted_at", "accepted_by", "reason"):
        op.drop_column("rule_book", column)


def _join_acceptances() -> None:
    """The last acceptance of each book."""
    for column in (
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("accepted_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
    ):
        op.add_column("rule_book", column)
        op.execute(
            f"UPDATE rule_book SET {column.name} = (SELECT {column.name} FROM rule_acceptance "  # noqa: S608 - our own names
            "WHERE rule_acceptance.hash = rule_book.hash ORDER BY id DESC LIMIT 1)"
        )
    op.drop_table("rule_acceptance")


def downgrade() -> None:
    _join_acceptances()
    for table, column in (
        ("source", "doubled"),
        ("source", "filled"),
        ("import_file", "report_told_at"),
        ("import_file", "report"),
        ("import_file", "received_to"),
        ("import_file", "received_from"),
        ("rejection", "code"),
        ("dossier", "ground"),
    ):
        op.drop_column(table, column)
    op.drop_table("erasure")
    op.drop_table("absence")
