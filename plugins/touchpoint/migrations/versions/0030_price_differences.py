"""Runs include/sql/schema/0030_price_differences.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0030_price_differences.sql").read_text(encoding="utf-8"))
