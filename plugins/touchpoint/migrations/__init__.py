"""Brings a Touchpoint database to the newest schema. The SQL is in include/sql/schema; Alembic runs it, in order."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory


def migrate(url: str) -> None:
    """Run the migrations a database has not seen yet.

    Args:
        url: SQLAlchemy URL of the Touchpoint database.
    """
    config = _config()
    config.attributes["url"] = url
    command.upgrade(config, "head")


def newest() -> str:
    """The number of the newest migration, as in 0021."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
