"""Runs include/sql/schema/0015_more_facts.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0015_more_facts.sql").read_text(encoding="utf-8"))
