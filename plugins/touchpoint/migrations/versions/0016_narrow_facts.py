"""Runs include/sql/schema/0016_narrow_facts.sql."""

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0016_narrow_facts.sql").read_text(encoding="utf-8"))
