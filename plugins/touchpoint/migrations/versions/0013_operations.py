"""Runs include/sql/schema/0013_operations.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0013_operations.sql").read_text(encoding="utf-8"))
