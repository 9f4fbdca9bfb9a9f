"""Runs include/sql/schema/0012_record_of_segments.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0012_record_of_segments.sql").read_text(encoding="utf-8"))
