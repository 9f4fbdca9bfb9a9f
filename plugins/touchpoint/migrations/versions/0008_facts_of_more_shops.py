"""Runs include/sql/schema/0008_facts_of_more_shops.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0008_facts_of_more_shops.sql").read_text(encoding="utf-8"))
