"""Connection ids resolved by Airflow: its secrets backends, its metadata database, its environment."""

from __future__ import annotations

from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from touchpoint.errors import ConfigError
from touchpoint.settings import ConnectionInfo


def airflow_connection(conn_id: str) -> ConnectionInfo:
    """A connection as Airflow knows it, in tasks and in the api-server alike; AIRFLOW_CONN_* counts in both.

    Raises:
        ConfigError: Airflow knows no connection of that id.
    """
    try:
        found = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise ConfigError(
            f"connection {conn_id!r} is not set",
            place="Airflow connections",
            remedy=f"set AIRFLOW_CONN_{conn_id.upper()}, or add it under Admin, Connections",
        ) from error
    return ConnectionInfo(
        conn_id=conn_id,
        kind=found.conn_type or "",
        host=found.host or "",
        port=found.port,
        login=found.login or "",
        password=found.password or "",
        schema=found.schema or "",
        extra=dict(found.extra_dejson),
    )
