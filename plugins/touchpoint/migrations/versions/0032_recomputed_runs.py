"""Runs include/sql/schema/0032_recomputed_runs.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0032_recomputed_runs.sql").read_text(encoding="utf-8"))
