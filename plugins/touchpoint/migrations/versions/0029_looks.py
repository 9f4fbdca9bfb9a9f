"""Runs include/sql/schema/0029_looks.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0029_looks.sql").read_text(encoding="utf-8"))
