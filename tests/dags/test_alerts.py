"""Mail about failures, against a mail server that is there, and one that is not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from tests.channels.fakes import free_port

from touchpoint.db import Database
from touchpoint.orchestration import alerts
from touchpoint.services import Services
from touchpoint.settings import ConnectionInfo

DAG = "touchpoints_intraday__sandbox"


class Mailbox:
    """Keeps subjects."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.subjects.append(str(message_from_bytes(envelope.content)["Subject"]))
        return "250 OK"


class Post:
    """A mail server to switch on and off, and what reached it."""

    def __init__(self, database: Database) -> None:
        self.mailbox, self.port = Mailbox(), free_port()
        extra = {"starttls": False, "sandbox": True}
        connection = ConnectionInfo("sandbox_smtp", host="127.0.0.1", port=self.port, extra=extra)
        self.services = Services(
            db=database, resolve={"sandbox_smtp": connection}.__getitem__, connection=ConnectionInfo("touchpoint")
        )
        self.controller: Controller | None = None

    def on(self) -> None:
        self.controller = Controller(self.mailbox, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def off(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def run(self, number: int, *, failed: str = "", succeeded: str = "") -> list[str]:
        """End a run; what was mailed since the one before."""
        alerts.tell(self.services, DAG, f"run {number}", failed.split(), succeeded.split())
        mailed, self.mailbox.subjects = self.mailbox.subjects, []
        return mailed


@pytest.fixture
def post(database: Database) -> Iterator[Post]:
    made = Post(database)
    made.on()
    yield made
    made.off()


def test_a_failure_is_told_once_when_new_and_once_when_over(post: Post) -> None:
    assert post.run(1, failed="extract_1", succeeded="begin extract_0") == [f"{DAG}: extract_1 failed"]
    assert post.run(2, failed="extract_1", succeeded="begin extract_0") == []
    assert post.run(3, failed="decide extract_1", succeeded="begin") == [f"{DAG}: decide failed"]
    assert post.run(4, succeeded="begin decide extract_0 extract_1") == [f"{DAG}: decide, extract_1 well again"]
    assert post.run(5, succeeded="begin decide extract_0 extract_1") == []
    assert post.run(6, failed="extract_1") == [f"{DAG}: extract_1 failed"]


def test_a_mail_server_that_is_down_fails_no_run_and_loses_no_news(post: Post) -> None:
    post.off()
    assert post.run(1, failed="load") == []
    assert post.run(2, failed="load") == []
    post.on()
    assert post.run(3, failed="load") == [f"{DAG}: load failed"]
    post.off()
    assert post.run(4, succeeded="load") == []
    post.on()
    assert post.run(5, succeeded="load") == [f"{DAG}: load well again"]
    assert post.run(6, succeeded="load") == []


def test_what_nobody_heard_of_is_not_told_when_it_is_over(post: Post) -> None:
    post.off()
    assert post.run(1, failed="load") == []
    post.on()
    assert post.run(2, succeeded="load") == []
    assert post.run(3, failed="load") == [f"{DAG}: load failed"]


def test_a_connection_nobody_set_fails_no_run(database: Database) -> None:
    services = Services(db=database, resolve={}.__getitem__, connection=ConnectionInfo("touchpoint"))
    alerts.tell(services, DAG, "run 1", ["load"], ["begin"])
    with database.transaction() as tx:
        assert tx.many("runs/failures_open", dag_id=DAG) == [{"task_id": "load", "is_mailed": False}]


def test_guard_the_mailbox_is_reached_by_a_socket(post: Post) -> None:
    with socket.create_connection(("127.0.0.1", post.port), timeout=5) as opened:
        assert opened.recv(3) == b"220"
