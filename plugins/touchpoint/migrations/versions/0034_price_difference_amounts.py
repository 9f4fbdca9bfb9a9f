"""Runs include/sql/schema/0034_price_difference_amounts.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql(
        (SQL_ROOT / "schema" / "0034_price_difference_amounts.sql").read_text(encoding="utf-8")
    )
