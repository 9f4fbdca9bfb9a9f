"""Runs include/sql/schema/0024_seats.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0024_seats.sql").read_text(encoding="utf-8"))
