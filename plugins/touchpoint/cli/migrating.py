"""`touchpoint migrate`: the database of connection `touchpoint` to the newest schema, and whose it is."""

from __future__ import annotations

from uuid import UUID

from touchpoint.cli.common import AsJson, say
from touchpoint.errors import ConfigError
from touchpoint.settings import (
    TOUCHPOINT_CONNECTION,
    ConnectionInfo,
    database_url,
    environment_connection,
    hash_key,
)


def migrate(as_json: AsJson = False) -> None:
    """Bring the Touchpoint database to the newest schema and register it as this installation's; again does no harm."""
    from touchpoint.local import load_environment
    from touchpoint.local.prepare import prepare_touchpoint
    from touchpoint.migrations import newest

    load_environment()
    connection = environment_connection(TOUCHPOINT_CONNECTION)
    hash_key(connection)  # its addresses could not be hashed without one
    is_new = prepare_touchpoint(database_url(connection), _environment_id(connection))
    whose = "registered as this installation's" if is_new else "this installation's already"
    say({"schema": newest(), "registered": is_new}, as_json, f"Schema {newest()}; {whose}.")


def _environment_id(connection: ConnectionInfo) -> str:
    given = str(connection.extra.get("environment_id", ""))
    try:
        return str(UUID(given))
    except ValueError:
        raise ConfigError(
            "environment_id is no UUID" if given else "no environment_id",
            place=f"connection {connection.conn_id}, extra",
            remedy="set a random UUID once for this installation, as `uuidgen` makes one",
        ) from None
