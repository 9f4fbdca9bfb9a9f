"""Runs include/sql/schema/0010_offers.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0010_offers.sql").read_text(encoding="utf-8"))
