"""A shop ready to send, and a channel that remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from tests.faults.world import World

from touchpoint.db import Database
from touchpoint.model import Outgoing, SendResult, SendState, UnresolvedAttempt

Verdict = Callable[[Outgoing], SendResult | None]


class Recorder:
    """A channel that takes everything and remembers it, or does what a test tells it to."""

    name = "recorder"
    longest_send = timedelta(seconds=1)

    def __init__(self, group_size: int = 100, can_query: bool = True) -> None:
        self.group_size, self.can_query = group_size, can_query
        self.groups: list[tuple[str, list[Outgoing]]] = []
        self.answer: Verdict = lambda message: SendResult(message.attempt_id, SendState.ACCEPTED, "ref", None, 1, 5)
        self.before: Callable[[], None] = lambda: None
        self.known: dict[str, SendResult | None] | None = None
        self.asked: list[UnresolvedAttempt] = []

    @property
    def messages(self) -> list[int]:
        return [message.message_id for _, group in self.groups for message in group]

    def send(self, group_id: str, messages: Sequence[Outgoing]) -> list[SendResult]:
        self.before()
        self.groups.append((group_id, list(messages)))
        return [result for message in messages if (result := self.answer(message)) is not None]

    def query(self, attempts: Sequence[UnresolvedAttempt]) -> dict[str, SendResult | None]:
        self.asked += attempts
        if self.known is not None:
            return self.known
        sent = {message.attempt_id for _, group in self.groups for message in group}
        return {
            a.attempt_id: SendResult(a.attempt_id, SendState.ACCEPTED, "late") if a.attempt_id in sent else None
            for a in attempts
        }


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def channel() -> Recorder:
    return Recorder()
