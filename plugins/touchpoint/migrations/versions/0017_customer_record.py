"""Runs include/sql/schema/0017_customer_record.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0017_customer_record.sql").read_text(encoding="utf-8"))
