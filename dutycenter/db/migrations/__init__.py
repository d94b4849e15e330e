"""Migrations of the store (alembic)."""
