"""One PostgreSQL server a test session, one migrated template, one cloned database a test that asks for it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from touchpoint.db import Database, Transaction
from touchpoint.local.postgres import Server, root_folder
from touchpoint.migrations import migrate

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server of this session alone."""
    parent = root_folder() if os.geteuid() == 0 else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(dir=parent, prefix="test-"))
    shutil.rmtree(folder)  # Server makes it, owned as PostgreSQL needs it
    server = Server(folder)
    server.start(fsync="off", shared_buffers="128MB", max_wal_size="512MB")
    try:
        server.create_database("template_touchpoint")
        migrate(server.url("template_touchpoint"))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """A fresh, migrated Touchpoint database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    server.create_database(name, template="template_touchpoint")
    database = Database(server.url(name))
    yield database
    database.close()
    server.drop_database(name)  # thousands of them would fill the disk


@pytest.fixture
def tx(database: Database) -> Iterator[Transaction]:
    """An open transaction on a fresh database."""
    with database.transaction() as transaction:
        yield transaction
