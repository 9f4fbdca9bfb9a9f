"""Runs include/sql/schema/0006_synthetic_members.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0006_synthetic_members.sql").read_text(encoding="utf-8"))
