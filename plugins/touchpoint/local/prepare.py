"""Brings both databases to the newest schema and gives Airflow its roles, users and pools; nothing happens twice."""

from __future__ import annotations

import json
import logging
import subprocess
from hashlib import sha256
from importlib.metadata import version
from uuid import UUID

from touchpoint.db import Database
from touchpoint.errors import TouchpointError
from touchpoint.local.layout import USERS, Layout
from touchpoint.local.processes import log_file, log_tail
from touchpoint.local.table import COMMON, native
from touchpoint.outbox.environment import register_environment


def prepare_touchpoint(url: str, environment_id: str) -> bool:
    """Migrate the Touchpoint database and mark it as this installation's, as often as one likes.

    Args:
        url: SQLAlchemy URL of the database, which is there.
        environment_id: UUID of this installation.

    Returns:
        Whether it was nobody's before.

    Raises:
        TouchpointError: it is another installation's: what is in it was keyed with another hash key.
    """
    from touchpoint.migrations import migrate

    logging.getLogger("alembic").setLevel(logging.WARNING)
    migrate(url)
    database = Database(url, application="touchpoint-local")
    try:
        with database.transaction() as tx:
            is_new = register_environment(tx, environment_id)
            found = tx.one("outbox/environment_of_database")
    finally:
        database.close()
    if found["environment_id"] != UUID(environment_id):
        raise TouchpointError(
            "the database belongs to another installation",
            place="ledger.environment",
            remedy="give the connection `touchpoint` the environment_id and hash_key of that one; to begin anew on a "
            "machine of `make run`: `make reset`, which deletes both databases",
        )
    return is_new


def schema_version() -> str:
    """What Airflow's database is prepared by: other versions, and other rights of our roles, prepare it again."""
    rights = sha256(COMMON["AIRFLOW__FAB__CUSTOM_ROLES"].encode()).hexdigest()[:12]
    return " ".join([version("apache-airflow-core"), version("apache-airflow-providers-fab"), rights])


def prepare_airflow(layout: Layout, environment: dict[str, str], secrets: dict[str, str]) -> None:
    """Migrate Airflow's database; make roles, the three users and the pools.

    Raises:
        TouchpointError: one of the two failed; what it said is in var/log/airflow-setup.log.
    """
    log_file(layout, "airflow-setup").unlink(missing_ok=True)
    users = {user: {"role": role, "password": secrets[f"password_{user}"]} for user, role in USERS.items()}
    steps = {"airflow db migrate": "", "python -m touchpoint.orchestration.installation": json.dumps(users)}
    for command, given in steps.items():
        with log_file(layout, "airflow-setup").open("ab") as log:
            done = subprocess.run(
                native(command.split()),
                cwd=layout.root,
                env=environment,
                input=given.encode(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if done.returncode:
            raise TouchpointError(
                f"`{command}` failed:\n{log_tail(layout, 'airflow-setup')}",
                place=str(log_file(layout, "airflow-setup")),
                remedy="see the log there",
            )
