"""What the outbox needs of a channel and of a renderer; both are passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from touchpoint.model import Channel, Outgoing, Purpose, SendResult, UnresolvedAttempt
from touchpoint.render.messages import Rendered
from touchpoint.settings import Shop


class Sender(Protocol):
    """A channel as the dispatcher uses it; touchpoint.channels.base says what each member promises."""

    @property
    def name(self) -> str: ...

    @property
    def group_size(self) -> int: ...

    @property
    def longest_send(self) -> timedelta: ...

    @property
    def can_query(self) -> bool: ...

    def send(self, group_id: str, messages: Sequence[Outgoing]) -> list[SendResult]: ...

    def query(self, attempts: Sequence[UnresolvedAttempt]) -> dict[str, SendResult | None]: ...


class Confirmer(Protocol):
    """Asks the platform about single orders, and brings the facts up to what it answers."""

    def __call__(self, order_ids: Sequence[str]) -> frozenset[str]:
        """Those the platform answered for, and of which the facts now hold no older version. It never raises for an
        outage: what could not be asked is not among them.
        """
        ...


class MessageRenderer(Protocol):
    """Makes a message of a context."""

    def render(
        self,
        *,
        shop: Shop,
        campaign: str,
        locale: str,
        template: str,
        variant: str | None,
        channel: Channel,
        purpose: Purpose,
        context: Mapping[str, Any],
    ) -> Rendered: ...
