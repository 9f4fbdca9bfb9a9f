"""Runs include/sql/schema/0001_schemas_and_landing.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0001_schemas_and_landing.sql").read_text(encoding="utf-8"))
