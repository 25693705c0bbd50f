"""Alembic's scripts: each is written once and never edited."""
