"""Runs include/sql/schema/0014_recomputations.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0014_recomputations.sql").read_text(encoding="utf-8"))
