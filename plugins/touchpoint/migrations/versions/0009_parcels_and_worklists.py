"""Runs include/sql/schema/0009_parcels_and_worklists.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0009_parcels_and_worklists.sql").read_text(encoding="utf-8"))
