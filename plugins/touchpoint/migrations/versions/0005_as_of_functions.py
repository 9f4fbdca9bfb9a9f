"""Runs include/sql/schema/0005_as_of_functions.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0005_as_of_functions.sql").read_text(encoding="utf-8"))
