"""Mail about failures, against a mail server that is there, and one that is not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from tests.channels.fakes import free_port

from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.orchestration import alerts
from touchpoint.services import Services
from touchpoint.settings import ConnectionInfo

DAG = "touchpoints_intraday__sandbox"


class Mailbox:
    """Keeps subjects, and the text of the last."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.text = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=default)
        self.subjects.append(str(mail["Subject"]))
        self.text = str(mail.get_content())
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

    def because(self, run_id: str, task_id: str) -> None:
        """What a failing task of Airflow's writes down."""
        with self.services.db.transaction() as tx:
            tx.count(
                "runs/task_failed",
                dag_id=DAG,
                run_id=run_id,
                task_id=task_id,
                subject="order",
                cause="taobao.trades.sold.get: the session has expired",
                remedy="renew it in the connection taobao_sandbox",
                failed_real_at=real_now(),
            )

    def run(self, number: int, *, failed: str = "", succeeded: str = "") -> list[str]:
        """End a run; what was mailed since the one before."""
        for task_id in failed.split():
            if task_id == "extract_1":
                self.because(f"run {number}", task_id)
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
    assert post.run(1, failed="extract_1", succeeded="begin extract_0") == [f"{DAG}: Reading orders failed"]
    assert post.run(2, failed="extract_1", succeeded="begin extract_0") == []
    assert post.run(3, failed="decide extract_1", succeeded="begin") == [f"{DAG}: Deciding failed"]
    assert post.run(4, succeeded="begin decide extract_0 extract_1") == [f"{DAG}: Deciding, reading orders well again"]
    assert post.run(5, succeeded="begin decide extract_0 extract_1") == []
    assert post.run(6, failed="extract_1") == [f"{DAG}: Reading orders failed"]


def test_the_mail_says_what_failed_why_what_it_means_and_where_to_look(post: Post) -> None:
    post.run(1, failed="extract_1", succeeded="begin")
    told = " ".join(post.mailbox.text.split())
    for part in (
        "Reading orders failed. Taobao.trades.sold.get: the session has expired.",
        "Nothing is lost: the next run reads on from the same place.",
        "What to do: Renew it in the connection taobao_sandbox; if that mended it the next run does it by itself",
        "/dags/touchpoints_intraday__sandbox/runs/run%201/plugin/touchpoint_run",
    ):
        assert part in told


def test_a_task_that_was_killed_is_told_as_such(post: Post) -> None:
    post.run(1, failed="load", succeeded="begin")
    assert "Loading failed. It was ended from outside, or ran out of time." in post.mailbox.text


def test_a_mail_server_that_is_down_fails_no_run_and_loses_no_news(post: Post) -> None:
    post.off()
    assert post.run(1, failed="load") == []
    assert post.run(2, failed="load") == []
    post.on()
    assert post.run(3, failed="load") == [f"{DAG}: Loading failed"]
    post.off()
    assert post.run(4, succeeded="load") == []
    post.on()
    assert post.run(5, succeeded="load") == [f"{DAG}: Loading well again"]
    assert post.run(6, succeeded="load") == []


def test_what_nobody_heard_of_is_not_told_when_it_is_over(post: Post) -> None:
    post.off()
    assert post.run(1, failed="load") == []
    post.on()
    assert post.run(2, succeeded="load") == []
    assert post.run(3, failed="load") == [f"{DAG}: Loading failed"]


def test_a_connection_nobody_set_fails_no_run(database: Database) -> None:
    services = Services(db=database, resolve={}.__getitem__, connection=ConnectionInfo("touchpoint"))
    alerts.tell(services, DAG, "run 1", ["load"], ["begin"])
    with database.transaction() as tx:
        assert tx.many("runs/failures_open", dag_id=DAG) == [{"task_id": "load", "subject": None, "is_mailed": False}]


def test_guard_the_mailbox_is_reached_by_a_socket(post: Post) -> None:
    with socket.create_connection(("127.0.0.1", post.port), timeout=5) as opened:
        assert opened.recv(3) == b"220"
