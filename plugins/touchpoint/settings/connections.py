"""What connection ids stand for, and what the Touchpoint database's own connection carries."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from touchpoint.errors import ConfigError


@dataclass(frozen=True)
class ConnectionInfo:
    """What a connection id stands for. `extra` holds what the adapter needs beyond host and log-in."""

    conn_id: str
    kind: str = ""
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_sandbox(self) -> bool:
        """Declared a sandbox endpoint: the only kind any realm but live may use."""
        return self.extra.get("sandbox") is True


Resolver = Callable[[str], ConnectionInfo]
"""Connection id -> connection. Entry points pass one in: Airflow's, or `environment_connection`."""


def environment_connection(conn_id: str) -> ConnectionInfo:
    """A connection from AIRFLOW_CONN_<ID>, as JSON or URI.

    Raises:
        ConfigError: the variable is not set, or cannot be read.
    """
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    raw = os.environ.get(name)
    if not raw:
        raise ConfigError(f"connection {conn_id!r} is not set", place=name, remedy="set it as JSON or as a URI")
    try:
        return _from_json(conn_id, raw) if raw.lstrip().startswith("{") else _from_uri(conn_id, raw)
    except (ValueError, TypeError, AttributeError):
        # Without the cause: its text may quote a secret.
        raise ConfigError("it cannot be read", place=name, remedy="set it as JSON or as a URI") from None


def _from_json(conn_id: str, raw: str) -> ConnectionInfo:
    data = json.loads(raw)
    extra = data.get("extra") or {}
    return ConnectionInfo(
        conn_id=conn_id,
        kind=data.get("conn_type", ""),
        host=data.get("host") or "",
        port=int(data["port"]) if data.get("port") else None,
        login=data.get("login") or "",
        password=data.get("password") or "",
        schema=data.get("schema") or "",
        extra=dict(json.loads(extra) if isinstance(extra, str) else extra),
    )


def _from_uri(conn_id: str, raw: str) -> ConnectionInfo:
    parts = urlsplit(raw)
    if not parts.scheme:
        raise ValueError("no URI")
    query = dict(parse_qsl(parts.query))
    return ConnectionInfo(
        conn_id=conn_id,
        kind=parts.scheme,
        host=unquote(parts.hostname or ""),
        port=parts.port,
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        schema=unquote(parts.path.lstrip("/")),
        extra=dict(json.loads(query.pop("__extra__"))) if "__extra__" in query else query,
    )


TOUCHPOINT_CONNECTION = "touchpoint"
"""Connection id of the Touchpoint database; its extra holds hash_key and environment_id."""


def database_url(connection: ConnectionInfo) -> str:
    """SQLAlchemy URL of the Touchpoint database. extra.socket_dir names a unix socket's folder, if it is one."""
    from sqlalchemy import URL

    socket_dir = connection.extra.get("socket_dir")
    url = URL.create(
        "postgresql+psycopg2",
        username=connection.login or None,
        password=connection.password or None,
        host=connection.host or "localhost",
        port=connection.port,
        database=connection.schema,
        query={"host": socket_dir} if socket_dir else {},
    )
    return url.render_as_string(hide_password=False)


def hash_key(connection: ConnectionInfo) -> bytes:
    """The key of every address hash and identity, from the connection's extra (a secrets backend in production)."""
    key = connection.extra.get("hash_key")
    if not key:
        raise ConfigError(
            "no hash_key",
            place=f"connection {connection.conn_id}, extra",
            remedy="set a random one once, never change it",
        )
    return str(key).encode()
