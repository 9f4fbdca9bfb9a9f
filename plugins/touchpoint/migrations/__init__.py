"""Brings a Touchpoint database to the newest schema. The SQL is in include/sql/schema; Alembic runs it, in order."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config


def migrate(url: str) -> None:
    """Run the migrations a database has not seen yet.

    Args:
        url: SQLAlchemy URL of the Touchpoint database.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["url"] = url
    command.upgrade(config, "head")
