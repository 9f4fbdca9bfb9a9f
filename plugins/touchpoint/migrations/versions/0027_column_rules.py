"""Runs include/sql/schema/0027_column_rules.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0027_column_rules.sql").read_text(encoding="utf-8"))
