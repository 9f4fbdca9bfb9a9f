"""Runs include/sql/schema/0003_contact_and_record.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0003_contact_and_record.sql").read_text(encoding="utf-8"))
