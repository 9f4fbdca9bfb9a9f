"""Runs include/sql/schema/0019_learned.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0019_learned.sql").read_text(encoding="utf-8"))
