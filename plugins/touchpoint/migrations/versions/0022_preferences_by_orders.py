"""Runs include/sql/schema/0022_preferences_by_orders.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0022_preferences_by_orders.sql").read_text(encoding="utf-8"))
