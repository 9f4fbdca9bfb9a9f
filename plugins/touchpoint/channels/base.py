"""The protocol every provider stands behind, and the one way to open a channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from touchpoint import model
from touchpoint.errors import ChannelError
from touchpoint.model import Outgoing, SendResult, UnresolvedAttempt
from touchpoint.money import minor_units
from touchpoint.settings import ConnectionInfo, Resolver, Shop

LIVE, TEST = "live", "test"
LIST_IT = "write it into config/policy.yaml: test_addresses"


class Channel(Protocol):
    """An open connection to one provider for one shop.

    `send` and `query` do not raise for anything a provider does: it is in their results. They never log an address.
    """

    name: str
    """Provider, as in the shop file: goes into ledger.attempt."""
    group_size: int
    """At most so many messages a `send`, and unknown after a kill: 5 where each is a call of its own and nobody can be
    asked, the provider's batch size where one call carries many."""
    longest_send: timedelta
    """`send` returns within this: the lease on what it is given is longer."""
    can_query: bool
    """Whether the provider can be asked what became of an attempt."""

    def send(self, group_id: str, messages: Sequence[Outgoing]) -> list[SendResult]:
        """Hand over one group, once.

        Args:
            group_id: own id of this call, sent along where the provider takes one.
            messages: of one template code, no address twice; their attempts are committed.

        Returns:
            One result a message, in order. ACCEPTED: the provider has it. REJECTED: it said no to this recipient, for
            good. RETRYABLE, PAUSED: it surely was not sent. UNKNOWN: anything else, a time-out above all.

        Raises:
            ChannelError: more messages than `group_size`, or not of one kind: nothing was sent.
        """
        ...

    def query(self, attempts: Sequence[UnresolvedAttempt]) -> dict[str, SendResult | None]:
        """Ask what became of attempts. `started_on` is the UTC day; a provider may book it on that day or the next.

        Returns:
            By attempt id: what the provider has, or None where it has nothing. An attempt it could not be asked about
            is left out.
        """
        ...

    def close(self) -> None:
        """Close the connection; more than once does no harm."""
        ...


class Listed:
    """A channel that reaches listed addresses and no others: realm `test`.

    Args:
        channel: the shop's own, over the real protocol.
        addresses: normalised.
    """

    def __init__(self, channel: Channel, addresses: frozenset[str]) -> None:
        self._channel, self._addresses = channel, addresses
        self.name, self.group_size = channel.name, channel.group_size
        self.longest_send, self.can_query = channel.longest_send, channel.can_query

    def send(self, group_id: str, messages: Sequence[Outgoing]) -> list[SendResult]:
        unlisted = sum(message.address not in self._addresses for message in messages)
        if unlisted:
            raise ChannelError(
                f"{unlisted} of {len(messages)} addresses are not listed", place="realm test", remedy=LIST_IT
            )
        return self._channel.send(group_id, messages)

    def query(self, attempts: Sequence[UnresolvedAttempt]) -> dict[str, SendResult | None]:
        return self._channel.query(attempts)

    def close(self) -> None:
        self._channel.close()


def open_channel(
    kind: model.Channel, shop: Shop, resolve: Resolver, realm: str, *, listed: frozenset[str] | None = None
) -> Channel:
    """The shop's channel of a kind. Nothing is connected yet.

    Args:
        kind: sms or email.
        shop: whose provider, signature and sender.
        resolve: connection id -> connection.
        realm: any but `live` and `test` gets sandbox connections (extra.sandbox true) and no others.
        listed: the addresses realm `test` may reach, normalised; it gets no channel without them.

    Raises:
        ChannelError: the shop has no such channel, the realm may not use its connection, or what that connection or the
            shop's file says makes no channel.
        ConfigError: its connection is not set.
    """
    settings = shop.sms if kind == model.Channel.SMS else shop.email
    if settings is None:
        raise ChannelError(
            f"no {kind.value} channel", place=f"shop {shop.id}", remedy=f"add the key {kind.value} to its file"
        )
    connection = resolve(settings.connection)
    if realm == TEST:
        if listed is None:
            raise ChannelError("no addresses are listed", place="realm test", remedy=LIST_IT)
        return Listed(_opened(kind, shop, connection), listed)
    _demand_sandbox(connection, realm)
    return _opened(kind, shop, connection)


def _opened(kind: model.Channel, shop: Shop, connection: ConnectionInfo) -> Channel:
    try:
        return _made(kind, shop, connection)
    except (ValueError, TypeError, AttributeError, LookupError) as error:  # its text may quote a secret
        raise ChannelError(
            f"{kind.value} cannot be opened ({type(error).__name__})",
            place=f"shop {shop.id}, connection {connection.conn_id}",
            remedy=f"correct the key {kind.value} of the shop's file, or host, port and extra of the connection",
        ) from None


def _made(kind: model.Channel, shop: Shop, connection: ConnectionInfo) -> Channel:
    if shop.sms is not None and kind == model.Channel.SMS:
        from touchpoint.channels.aliyun_sms import AliyunSms

        price = shop.sms.segment_price
        cost = minor_units(price, shop.currency) if price is not None else None
        return AliyunSms(connection, signature=shop.sms.signature, segment_cost=cost)
    assert shop.email is not None  # noqa: S101 - settings above are one of the two
    from touchpoint.channels.smtp import Smtp

    return Smtp(connection, shop.email)


def _demand_sandbox(connection: ConnectionInfo, realm: str) -> None:
    if realm != LIVE and not connection.is_sandbox:
        raise ChannelError(
            f"realm {realm!r} may not use it: it is no sandbox",
            place=f"connection {connection.conn_id}",
            remedy="name a connection whose extra says sandbox: true",
        )


def demand_group(name: str, group_size: int, messages: Sequence[Outgoing]) -> None:
    """What every `send` demands of its caller.

    Raises:
        ChannelError: too many messages, several template codes, or an address twice.
    """
    addresses = {message.address_hash for message in messages}
    if len(messages) > group_size or len(addresses) < len(messages) or len({m.template_code for m in messages}) > 1:
        raise ChannelError(
            f"a group of {len(messages)} messages to {len(addresses)} addresses",
            place=name,
            remedy=f"send at most {group_size}, of one template code, each to another address",
        )
