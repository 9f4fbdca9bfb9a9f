"""Runs include/sql/schema/0006_synthetic_members.sql."""

from pathlib import Path

from alembic import op

from touchpoint.statements import SQL_ROOT

revision = "0006"
# 0005 is written by another hand at the same time; this line becomes "0005" once it is in.
down_revision = "0005" if list(Path(__file__).parent.glob("0005_*.py")) else "0004"


def upgrade() -> None:
    """Run the file as it stands."""
    op.get_bind().exec_driver_sql((SQL_ROOT / "schema" / "0006_synthetic_members.sql").read_text(encoding="utf-8"))
