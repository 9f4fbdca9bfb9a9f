"""What `make run` does before it starts Airflow, for docker-compose.yml: all it needs stands in the environment."""

from __future__ import annotations

import os

from sqlalchemy import make_url

from touchpoint.local.layout import USERS, Layout
from touchpoint.local.postgres import create_database
from touchpoint.local.prepare import prepare_airflow, prepare_touchpoint
from touchpoint.settings import TOUCHPOINT_CONNECTION, database_url, environment_connection

AIRFLOW_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def prepare() -> None:
    """Make and migrate both databases; make Airflow's roles, users and pools.

    Raises:
        ConfigError: no connection `touchpoint` in the environment.
        TouchpointError: a step failed, or the database belongs to another installation.
    """
    layout = Layout()
    layout.make_folders()
    connection = environment_connection(TOUCHPOINT_CONNECTION)
    url = database_url(connection)
    airflow = make_url(os.environ[AIRFLOW_DATABASE])
    server = airflow.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    for name in (str(airflow.database), connection.schema):
        create_database(server, name)
    prepare_touchpoint(url, str(connection.extra["environment_id"]))
    passwords = {f"password_{user}": os.environ[f"TOUCHPOINT_PASSWORD_{user.upper()}"] for user in USERS}
    prepare_airflow(layout, dict(os.environ), passwords)
