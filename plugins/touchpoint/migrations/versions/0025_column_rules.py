"""Runs include/sql/schema/0025_column_rules.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0025_column_rules.sql").read_text(encoding="utf-8"))
