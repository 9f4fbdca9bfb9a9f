"""A PostgreSQL server for the length of a block, outside pytest: set as a real one, fsync on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from touchpoint.db import Database
from touchpoint.local.postgres import Server, root_folder
from touchpoint.migrations import migrate

_numbers = count(1)


@contextmanager
def own_server() -> Iterator[Server]:
    """A server in a temporary folder, with a migrated template."""
    parent = root_folder() if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(dir=parent, prefix="faults-"))
    shutil.rmtree(folder)  # Server makes it, owned as PostgreSQL needs it
    server = Server(folder)
    try:
        server.start()
        server.create_database("template_touchpoint")
        migrate(server.url("template_touchpoint"))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_database(server: Server) -> Iterator[Database]:
    """A fresh database of it."""
    name = f"faults_{next(_numbers)}"
    server.create_database(name, template="template_touchpoint")
    database = Database(server.url(name))
    try:
        yield database
    finally:
        database.close()
        server.drop_database(name)
