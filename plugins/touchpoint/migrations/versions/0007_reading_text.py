"""Runs include/sql/schema/0007_reading_text.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0007_reading_text.sql").read_text(encoding="utf-8"))
