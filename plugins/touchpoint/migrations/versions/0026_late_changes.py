"""Runs include/sql/schema/0026_late_changes.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0026_late_changes.sql").read_text(encoding="utf-8"))
