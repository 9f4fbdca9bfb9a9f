"""Runs include/sql/schema/0033_task_failures.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0033_task_failures.sql").read_text(encoding="utf-8"))
