"""Who the customers are and how they may be reached: identities, contact points, consents.

Addresses are normalised and hashed here, in Python, because the key never enters a statement. An identity is made when
a customer is first met and never again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from touchpoint.addresses import address_hash, identity_hex, is_synthetic, normalise, region_of
from touchpoint.db import Row, Transaction
from touchpoint.facts.landing import PendingBatch, relation_of
from touchpoint.settings import Shop

_CONSENT = (("sms", "phone"), ("email", "email"))


@dataclass(frozen=True)
class Given:
    """A batch being loaded, and what loading needs to know; `part`: which part of it, 0 being the whole."""

    shop: Shop
    batch: PendingBatch
    as_of: datetime
    key: bytes
    part: int = 0

    @property
    def tag(self) -> str:
        """Ends the names of its temporary tables."""
        return f"{self.batch.batch_id}_{self.part}" if self.part else str(self.batch.batch_id)

    @cached_property
    def region(self) -> str:
        """Where phones without a country code belong."""
        return region_of(self.shop.currency)

    @property
    def buyer_kind(self) -> str:
        """What the platform's customer id is: its stable buyer key, or a mere number."""
        return "buyer" if self.shop.platform == "taobao" else "customer"

    def times(self) -> dict[str, Any]:
        """Parameters that every statement over the batch's lines takes."""
        return {
            "batch_id": self.batch.batch_id,
            "shop_id": self.shop.id,
            "as_of": self.as_of,
            "is_history": self.batch.is_history,
        }


def meet_buyers(tx: Transaction, given: Given) -> None:
    """Make an identity for every buyer of a batch of orders whom the shop does not know yet."""
    _meet_named(tx, given, tx.tuples("load/new_buyers", **given.times()))


def meet_others(tx: Transaction, given: Given) -> None:
    """Make an identity for every customer whom a batch of refunds, inquiries or visits names and no order did."""
    relation = relation_of(given.batch.entity)
    met = tx.tuples("load/new_named", snapshot_at=given.batch.snapshot_at, relation=relation, **given.times())
    _meet_named(tx, given, met)


def keep_oaids(tx: Transaction, given: Given) -> None:
    """Keep the order-bound handles of a batch of orders."""
    handles = tx.many("load/new_oaids", **given.times())
    points = [
        _point(given, row["customer_id"], "oaid", row["oaid"], row["known_at"], order_id=row["order_id"])
        for row in handles
    ]
    _keep_points(tx, given, points, "oaids")


def take_member_list(tx: Transaction, given: Given) -> None:
    """Identities, phones, e-mails and consents of the members of a batch, from each one's newest line."""
    lines = tx.many("load/member_lines", snapshot_at=given.batch.snapshot_at, **given.times())
    if not lines:
        return
    reached = [
        (line, {kind: normalise(kind, line[kind], given.region) for kind in ("phone", "email")}) for line in lines
    ]
    _meet(tx, given, (_identified(given, line, found) for line, found in reached if line["is_new"]))
    points = [
        _point(given, line["customer_id"], kind, found[kind], line["known_at"], synthetic=line["is_synthetic"])
        for line, found in reached
        for kind in ("phone", "email")
    ]
    if given.buyer_kind == "buyer":
        points += [_point(given, line["customer_id"], "ouid", line["customer_id"], line["known_at"]) for line in lines]
    relation = _keep_points(tx, given, points)
    tx.count("load/expire_points", shop_id=given.shop.id, found=relation)
    _keep_consents(tx, given, reached)


def _identified(given: Given, line: Row, found: dict[str, str | None]) -> tuple[str, str, str, str, bool]:
    customer_id, known_at = line["customer_id"], line["known_at"]
    for kind in ("phone", "email"):
        if value := found[kind]:
            return customer_id, kind, value, known_at, False
    return customer_id, given.buyer_kind, customer_id, known_at, False


def _meet_named(tx: Transaction, given: Given, met: Sequence[tuple[str, bool, str]]) -> None:
    kind = given.buyer_kind
    _meet(tx, given, ((customer_id, kind, customer_id, known_at, guest) for customer_id, guest, known_at in met))
    if kind == "buyer":
        points = (_point(given, buyer, "ouid", buyer, known_at) for buyer, guest, known_at in met if not guest)
        _keep_points(tx, given, points if met else ())


def _meet(tx: Transaction, given: Given, customers: Iterable[tuple[str, str, str, str, bool]]) -> None:
    scope = given.shop.identity_scope
    rows = (
        (given.shop.id, customer_id, identity_hex(given.key, scope, kind, value), kind, known_at, guest)
        for customer_id, kind, value, known_at, guest in customers
    )
    columns = ("shop_id", "customer_id", "identity", "identity_from", "known_at", "is_guest")
    _copy(tx, "facts.customers", columns, rows)


def _point(
    given: Given,
    customer_id: str,
    kind: str,
    address: str | None,
    known_at: str,
    *,
    order_id: str | None = None,
    synthetic: bool = False,
) -> tuple[object, ...]:
    hashed = address_hash(given.key, kind, address) if address else None
    is_made_up = synthetic or bool(address and is_synthetic(kind, address))
    return (customer_id, kind, hashed, address, order_id, is_made_up, known_at)


def _keep_points(tx: Transaction, given: Given, points: Iterable[tuple[object, ...]], name: str = "points") -> str:
    relation = f"found_{name}_{given.tag}"
    tx.do("load/make_found_points", found=relation)
    columns = ("customer_id", "kind", "address_hash", "address", "order_id", "is_synthetic", "known_at")
    if _copy(tx, relation, columns, points):
        tx.count("load/keep_points", batch_id=given.batch.batch_id, shop_id=given.shop.id, found=relation)
    return relation


def _keep_consents(tx: Transaction, given: Given, reached: Sequence[tuple[Row, dict[str, str | None]]]) -> None:
    relation = f"found_consents_{given.tag}"
    tx.do("load/make_found_consents", found=relation)
    columns = ("address_hash", "channel", "is_granted", "happened_at", "method")
    if _copy(tx, relation, columns, _consents(given, reached)):
        tx.count("load/keep_consents", found=relation, snapshot_at=given.batch.snapshot_at, **given.times())


def _consents(given: Given, reached: Sequence[tuple[Row, dict[str, str | None]]]) -> Iterator[tuple[object, ...]]:
    for line, found in reached:
        for channel, kind in _CONSENT:
            address, granted = found[kind], line[f"{channel}_promotional"]
            if address and granted is not None:
                at, method = line[f"{channel}_promotional_at"], line[f"{channel}_promotional_method"]
                yield address_hash(given.key, kind, address), channel, granted, at, method or "member_list"


def _copy(tx: Transaction, relation: str, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> int:
    text = io.StringIO()
    # With both in its line end, the writer quotes a value that holds one of them.
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return tx.copy_in(relation, columns, io.BytesIO(text.getvalue().encode())) if text.tell() else 0
