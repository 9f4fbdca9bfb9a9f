"""From landed lines to facts: newer versions replace older ones, replaced ones go to history, every line is counted.

Everything happens under the shop's ingest lock, at the head. In whatever order and however often versions arrive, the
current facts end up the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from touchpoint.db import Transaction
from touchpoint.facts import contacts, head
from touchpoint.facts.landing import CONFIRM, MERGE_ORDER, PendingBatch, lock_ingest, relation_of
from touchpoint.facts.splitting import load_what_loads
from touchpoint.model import Entity
from touchpoint.settings import Shop

_BULK_LINES = 20_000
"""From here on one pass over all facts is cheaper than a look at each key."""

_TOLD_LINES = 1_000
"""From here on the planner is told at once what was loaded, where that is news: the campaigns follow in minutes."""

_FILLED: dict[Entity, tuple[str, ...]] = {
    Entity.MEMBER: ("facts.customers", "contact.contact_points", "contact.consents"),
    Entity.ORDER: ("facts.customers",),
    Entity.TRACKING_EVENT: ("facts.tracking_events",),
    Entity.INQUIRY: ("facts.customers",),
    Entity.VISIT: ("facts.customers",),
}
"""What a load fills beside the fact of its entity."""


@dataclass(frozen=True)
class Counts:
    """What became of a batch: landed = loaded + unchanged + superseded + quarantined."""

    landed: int
    loaded: int
    unchanged: int
    superseded: int
    quarantined: int

    def as_dict(self) -> dict[str, int]:
        """By name, for adding up."""
        return asdict(self)


@dataclass(frozen=True)
class _Fact:
    relation: str
    keys: tuple[str, ...]
    content: tuple[str, ...]

    @property
    def history(self) -> str:
        return f"{self.relation}_history"

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.keys, *self.content, "modified_at", "known_at", "batch_id")

    @property
    def is_personal(self) -> bool:
        """Whether it names its customer, and so changes when customers are merged."""
        return "customer_no" in self.content

    @property
    def beside_customer(self) -> tuple[str, ...]:
        """All columns but the customer's."""
        return tuple(column for column in self.columns if column != "customer_no")


def _fact(relation: str, keys: str, content: str) -> _Fact:
    return _Fact(relation, ("shop_id", *keys.split()), tuple(content.split()))


_FACTS: dict[Entity, _Fact] = {
    Entity.MEMBER: _fact("contact.people", "customer_id", "display_name birthday locale joined_at gender"),
    Entity.PRODUCT: _fact("facts.products", "product_id", "title series category price_minor currency listed_at size"),
    Entity.ORDER: _fact(
        "facts.orders",
        "order_id",
        "customer_no source kind payment_state payment_kind created_at paid_at closes_at closed_at shipped_at"
        " finished_at total_minor paid_minor currency item_count region city status discount_minor coupon_minor device"
        " takes_paid_at takes_payment_kind",
    ),
    Entity.ORDER_LINE: _fact(
        "facts.order_lines",
        "order_id line_id",
        "product_id sku_id title quantity price_minor net_minor currency kind size",
    ),
    Entity.REFUND: _fact("facts.refunds", "refund_id", "order_id customer_no amount_minor currency state happened_at"),
    Entity.PAYMENT: _fact("facts.payments", "payment_id", "order_id kind amount_minor currency state happened_at"),
    Entity.SHIPMENT: _fact(
        "facts.shipments", "shipment_id", "order_id carrier tracking_no region shipped_at promised_at"
    ),
    Entity.REVIEW: _fact("facts.reviews", "order_id review_id", "score happened_at"),
    Entity.INQUIRY: _fact("facts.inquiries", "inquiry_id", "customer_no order_id kind scenario happened_at"),
    Entity.VISIT: _fact("facts.visits", "visit_id", "customer_no happened_at seconds pages device"),
}

_NAMING = frozenset({Entity.REFUND, Entity.INQUIRY, Entity.VISIT})
"""What may name a customer who has never ordered."""


def personal_facts() -> list[_Fact]:
    """The facts that name their customer: relation, history and columns."""
    return [fact for fact in _FACTS.values() if fact.is_personal]


def in_order(batches: Iterable[PendingBatch]) -> list[PendingBatch]:
    """Batches in the order of merging: by entity, within an entity the oldest first."""
    return sorted(batches, key=lambda batch: (MERGE_ORDER.index(batch.entity), batch.batch_id))


def load(
    tx: Transaction, *, shop: Shop, batch: PendingBatch, as_of: datetime, key: bytes, run_no: int | None = None
) -> Counts:
    """Merge the good lines of a judged batch into the facts and close it with its counts.

    A line that the database refuses all the same is quarantined as `unloadable`.

    `as_of` is the business time of the loading run, and so when we learn what is in the batch; of declared history each
    fact is known since it happened. `key` is that of address hashes and identities, `run_no` the loading run.

    Raises:
        NotAtHead: a later run has taken the head; nothing is written (declared history needs none).
    """
    lock_ingest(tx, shop.id)
    if not batch.is_history:
        head.require(tx, shop.id, as_of)
    given = contacts.Given(shop, batch, as_of, key)
    loaded, superseded = load_what_loads(tx, given, _load_lines)
    if loaded >= _TOLD_LINES:
        _tell_planner(tx, batch.entity, loaded)
    if batch.origin == CONFIRM:
        head.advance_confirmed(tx, shop.id, as_of)
    elif not batch.is_history:
        head.advance_loaded(tx, shop.id, as_of)
    row = tx.one(
        "load/finish_batch",
        batch_id=batch.batch_id,
        as_of=as_of,
        run_no=run_no,
        loaded=loaded,
        superseded=superseded,
    )
    return Counts(**row)


def _load_lines(tx: Transaction, given: contacts.Given) -> tuple[int, int]:
    if not given.batch.landed:
        return 0, 0
    tx.do("load/plan_for", is_bulk=not given.part and given.batch.landed >= _BULK_LINES)
    entity = given.batch.entity
    if entity == Entity.TRACKING_EVENT:
        return tx.count("load/append_scans", **given.times()), 0
    if entity == Entity.ORDER:
        contacts.meet_buyers(tx, given)
    if entity in _NAMING:
        contacts.meet_others(tx, given)
    fact = _FACTS[entity]
    done = _merge(tx, given, fact)
    if given.batch.is_history and fact.is_personal:
        _split(tx, given, fact)
    if entity == Entity.MEMBER:
        contacts.take_member_list(tx, given)
    if entity == Entity.ORDER:
        contacts.keep_oaids(tx, given)
        if given.batch.is_history:
            tx.count("load/known_earlier", batch_id=given.batch.batch_id, shop_id=given.shop.id)
    if entity == Entity.PAYMENT:
        _pay_orders(tx, given)
    return done


def _split(tx: Transaction, given: contacts.Given, fact: _Fact) -> None:
    """What a declared history tells of before its customer was merged was the merged one's until then."""
    tx.count(
        "people/split_versions",
        batch_id=given.batch.batch_id,
        shop_id=given.shop.id,
        landed=relation_of(given.batch.entity),
        fact=fact.relation,
        history=fact.history,
        keys=fact.keys[1:],
        others=fact.beside_customer,
    )


def _pay_orders(tx: Transaction, given: contacts.Given) -> None:
    """Orders whose own source says nothing of their payment take it from the payments just merged."""
    batch_id, orders = given.batch.batch_id, _FACTS[Entity.ORDER]
    staged = {"staged": f"staged_orders_{given.tag}"}
    if tx.count("load/stage_paid", **staged, **given.times()):
        tx.count(
            "load/keep_history",
            fact=orders.relation,
            history=orders.history,
            keys=orders.keys,
            fact_columns=orders.columns,
            **staged,
        )
        tx.count("load/take_payments", batch_id=batch_id, **staged)
    if given.batch.is_history:
        tx.count("load/take_payments_of_history", batch_id=batch_id, shop_id=given.shop.id)


def _merge(tx: Transaction, given: contacts.Given, fact: _Fact) -> tuple[int, int]:
    batch_id = given.batch.batch_id
    staged = {"staged": f"staged_{given.tag}"}
    keyed: dict[str, Any] = {**staged, "fact": fact.relation, "keys": fact.keys}
    lines = tx.count(
        "load/stage",
        typed=f"load/typed/{given.batch.entity.value}",
        content=fact.content,
        snapshot_at=given.batch.snapshot_at,
        **given.times(),
        **keyed,
    )
    if not lines:
        return 0, 0
    # A batch is of one shop: within it the rest of the key tells lines apart.
    kinds = tx.one("load/staged_kinds", keys=fact.keys[1:], **staged)
    superseded = 0
    if kinds["needs_sifting"]:
        superseded = int(tx.one("load/sift", keys=fact.keys[1:], **staged)["superseded"])
    written: dict[str, Any] = {"batch_id": batch_id, "content": fact.content, **keyed}
    aside = [] if kinds["has_known"] or lines < _BULK_LINES else tx.many("load/lay_indexes_aside", fact=fact.relation)
    loaded = tx.count("load/insert_new", **written)
    for index in aside:
        tx.do("load/put_index_back", definition=index["definition"])
    if kinds["has_known"]:
        tx.count("load/keep_history", history=fact.history, fact_columns=fact.columns, **keyed)
        loaded += tx.count("load/update_known", **written)
    return loaded, superseded


def _tell_planner(tx: Transaction, entity: Entity, rows: int) -> None:
    own = (_FACTS[entity].relation,) if entity in _FACTS else ()
    for relation in (*own, *_FILLED.get(entity, ())):
        if tx.one("load/grown", fact=relation, rows=rows)["is_news"]:
            tx.do("load/analyze_fact", relation=relation)
