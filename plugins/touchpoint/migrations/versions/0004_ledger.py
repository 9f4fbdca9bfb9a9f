"""Runs include/sql/schema/0004_ledger.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0004_ledger.sql").read_text(encoding="utf-8"))
