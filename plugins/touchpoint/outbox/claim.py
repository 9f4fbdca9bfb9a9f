"""Claiming: one transaction takes due messages in hand, judges them once more, and reads what their words need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from touchpoint import statements
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Json, Row, Transaction
from touchpoint.errors import ConfigError
from touchpoint.model import Channel
from touchpoint.outbox.quiet import allowed_now, blacked_out_steps, closed_steps, running_steps
from touchpoint.settings import Policy, Shop

CANCELLED, PUT_OFF = "cancelled", "put_off"


@dataclass(frozen=True)
class Scope:
    """What one dispatcher may take.

    Attributes:
        environment_id: of this installation; None, or a database that does not lie on its seat, claims nothing.
        shard, shards: this dispatcher's part of the messages.
        lease: how long a claim holds, in real time.
        versions: campaign id -> hash of its file and templates, of those that ask for approval: an answer covers
            no other.
        is_held_to_files: a message goes only while its campaign's file loads, is enabled and has its step; else it
            stays waiting (`campaign_off`), so that a slip in a file loses nothing.
    """

    realm: str
    shop: Shop
    policy: Policy
    environment_id: str | None
    campaigns: Mapping[str, Campaign]
    shard: int
    shards: int
    lease: timedelta
    versions: Mapping[str, str] = field(default_factory=dict)
    is_held_to_files: bool = False

    def gates(self, at: datetime) -> dict[str, Any]:
        """Parameters that claim.sql and waiting_because.sql share."""
        campaigns = self.campaigns.values()
        return {
            "realm": self.realm,
            "shop_id": self.shop.id,
            "at": at,
            "today": at.astimezone(self.shop.tz).date(),
            "allowed": allowed_now(self.policy, self.shop, at),
            "closed_steps": [*closed_steps(campaigns, self.shop, at), *blacked_out_steps(campaigns, self.shop, at)],
            "running_steps": running_steps(self.campaigns.values(), self.realm) if self.is_held_to_files else None,
            "sending_on": self.shop.sending == "on",
            "environment_id": self.environment_id,
            "versions": Json(dict(self.versions)),
        }

    def reasons(self, at: datetime) -> dict[str, Any]:
        """Parameters of waiting_because.sql: the same, and what tells a blackout from quiet hours."""
        return {**self.gates(at), "blacked_out": blacked_out_steps(self.campaigns.values(), self.shop, at)}


@dataclass(frozen=True)
class Claimed:
    """A message in hand: its row, and what its templates see (None: there is nothing to tell)."""

    row: Row
    context: Row | None

    @property
    def message_id(self) -> int:
        return int(self.row["message_id"])

    @property
    def lease_token(self) -> int:
        return int(self.row["lease_token"])

    @property
    def is_held_out(self) -> bool:
        """What a person held out would have got: it is judged, and withheld instead of sent."""
        return bool(self.row["is_held_out"])


def claim(
    tx: Transaction, scope: Scope, channel: Channel, *, at: datetime, size: int, skipped: Iterable[int] = ()
) -> tuple[list[Claimed], Counter[str]]:
    """Take up to `size` due messages of a channel in hand.

    Returns:
        The messages that may go, with those people are held out of, and how many were cancelled on the way (address,
        consent, suppression, valid_while) or put_off to a later hour. (None of the one, some of the other: there may be
        more to claim.)
    """
    wait_for_decide(tx, scope.realm, scope.shop.id)
    rows = tx.many(
        "outbox/claim",
        **scope.gates(at),
        **tx.server,
        channel=channel.value,
        shard=scope.shard,
        shards=scope.shards,
        skipped=list(skipped),
        claim_size=size,
        lease=scope.lease,
    )
    left = judge(tx, rows, shop=scope.shop, at=at, campaigns=scope.campaigns, is_claim=True)
    return _kept(tx, scope, rows, left, at), Counter(left.values())


def judge_again(
    tx: Transaction, scope: Scope, claimed: Iterable[Claimed], *, at: datetime
) -> tuple[list[Claimed], Counter[str]]:
    """Messages in hand once more, after facts came in: those that may still go, with what their words see now.

    Nothing is widened, and nothing taken that there are few of: that was done when they were claimed.
    """
    rows = [message.row for message in claimed]
    left = judge(tx, rows, shop=scope.shop, at=at, campaigns=scope.campaigns, is_claim=False)
    return _kept(tx, scope, rows, left, at), Counter(left.values())


def wait_for_decide(tx: Transaction, realm: str, shop_id: str) -> None:
    """Keep from a decide, whose sweep takes messages and what they cover the other way round, until the end."""
    tx.do("outbox/wait_for_decide", realm=realm, scope=f"shop:{shop_id}")


def judge(
    tx: Transaction,
    rows: Iterable[Row],
    *,
    shop: Shop,
    at: datetime,
    is_claim: bool,
    campaigns: Mapping[str, Campaign] | None = None,
) -> dict[int, str]:
    """Cancel messages that must not go any more, and free their touches; put off those that must not go yet.

    Args:
        tx: the transaction the rows were claimed or read in.
        rows: with message_id and valid_while; waiting or claimed.
        shop: whose they are.
        at: business time.
        is_claim: let touches take in what they should speak of as well (include/sql/outbox/widen/), and messages take
            what there are few of, one claim at a time (include/sql/outbox/lock/).
        campaigns: loaded campaign files by id, for the offers they make.

    Returns:
        Message id -> `cancelled` or `put_off`, of those that do not go now.

    Raises:
        ConfigError: valid_while names a statement that does not exist.
    """
    named: dict[str, list[int]] = {}
    ids = []
    for row in rows:
        ids.append(row["message_id"])
        for name in row["valid_while"]:
            named.setdefault(name, []).append(row["message_id"])
    if not ids:
        return {}
    gone = {row["message_id"]: CANCELLED for row in tx.many("outbox/reach", message_ids=ids, at=at)}
    for name, asking in sorted(named.items()):
        if f"outbox/valid/{name}" not in _known():
            raise ConfigError(
                f"no statement {name!r}", place="valid_while", remedy=f"write include/sql/outbox/valid/{name}.sql"
            )
        left = [message_id for message_id in asking if message_id not in gone]
        given = {
            "message_ids": left,
            "at": at,
            "closes_after": shop.closes_after,
            "offers": Json(offer_terms(campaigns or {}, shop)),
            "is_claim": is_claim,
        }
        if is_claim and f"outbox/lock/{name}" in _known():
            tx.do(f"outbox/lock/{name}", message_ids=left)
        if is_claim and f"outbox/widen/{name}" in _known():
            tx.count(f"outbox/widen/{name}", **_asked(f"outbox/widen/{name}", given))
        for row in tx.many(f"outbox/valid/{name}", **_asked(f"outbox/valid/{name}", given)):
            gone[row["message_id"]] = PUT_OFF if row.get("state") == "waiting" else CANCELLED
    free(tx, (message_id for message_id, what in gone.items() if what == CANCELLED), at)
    return gone


def expire(tx: Transaction, *, realm: str, shop_id: str, at: datetime, versions: Mapping[str, str]) -> int:
    """End waiting messages past their last minute, or not approved in time; how many. Their touches are free."""
    wait_for_decide(tx, realm, shop_id)
    rows = tx.many("outbox/expire", realm=realm, shop_id=shop_id, at=at, versions=Json(dict(versions)))
    free(tx, [row["message_id"] for row in rows], at)
    return len(rows)


def free(tx: Transaction, message_ids: Iterable[int], at: datetime) -> None:
    """Free the touches of messages, or of what people were held out of, that ended before any attempt.

    Steps enqueued to follow one that is freed end with it: they are decided afresh together.
    """
    ids = sorted(message_ids)
    while ids:
        tx.count("outbox/free_touches", message_ids=ids, at=at)
        ids = [row["message_id"] for row in tx.many("outbox/cancel_following", message_ids=ids, at=at)]


def _kept(tx: Transaction, scope: Scope, rows: list[Row], left: Mapping[int, str], at: datetime) -> list[Claimed]:
    kept = [row for row in rows if row["message_id"] not in left]
    contexts = _contexts(tx, scope, kept, at)
    return [Claimed(row, contexts.get(row["message_id"])) for row in kept]


def _contexts(tx: Transaction, scope: Scope, rows: list[Row], at: datetime) -> dict[int, Row]:
    by_occasion: dict[str, list[int]] = {}
    for row in rows:
        campaign = scope.campaigns.get(row["campaign_id"])
        by_occasion.setdefault(campaign.occasion if campaign else "order", []).append(row["message_id"])
    found: dict[int, Row] = {}
    told = {row["message_id"]: _told_by_file(row, scope) for row in rows}
    for occasion, ids in by_occasion.items():
        for row in tx.many(f"outbox/context/{occasion}", message_ids=ids, at=at):
            found[row["message_id"]] = {**told[row["message_id"]], **row}
    return found


def _told_by_file(row: Row, scope: Scope) -> dict[str, Any]:
    """What the campaign file adds to a message's facts. A promotion's offer only where the message has a slot of it."""
    campaign = scope.campaigns.get(row["campaign_id"])
    told = campaign.facts(row["step"], scope.shop.id) if campaign else {}
    return told if row["offer_id"] or "offer_made" not in told else {}


def offer_terms(campaigns: Mapping[str, Campaign], shop: Shop) -> dict[str, dict[str, object] | None]:
    """`campaign/step` -> what it offers in a shop: offer, quota, from, until; None: nothing."""
    return {f"{each.id}/{step.id}": each.terms_of(step.id, shop) for each in campaigns.values() for step in each.steps}


def _asked(name: str, given: dict[str, object]) -> dict[str, object]:
    """Of what there is to give, what a statement's header asks for."""
    return {key: value for key, value in given.items() if key in statements.load(name).params}


@cache
def _known() -> frozenset[str]:
    return frozenset(statements.names("outbox"))
