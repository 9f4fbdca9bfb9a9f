"""Runs include/sql/schema/0031_task_failures.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0031_task_failures.sql").read_text(encoding="utf-8"))
