"""Runs include/sql/schema/0023_rounds.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0023_rounds.sql").read_text(encoding="utf-8"))
