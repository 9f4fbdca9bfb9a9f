"""Merging two customers who are one person: facts, what waits for them, and who may decide meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from touchpoint.campaigns.load import load_campaigns
from touchpoint.db import Transaction
from touchpoint.decide import plan as decisions
from touchpoint.errors import TouchpointError
from touchpoint.facts import customers
from touchpoint.outbox import merged as outbox
from touchpoint.render.mask import star_addresses
from touchpoint.services import Services
from touchpoint.settings import Shop, load_policy

NOTE_LENGTH = 500


@dataclass(frozen=True)
class Outcome:
    """What a merge did, or would do.

    Attributes:
        known_at: from when on the two are one.
        merge_no: None where nothing was kept (a dry run).
        were_two_people: false where the two had one identity already, as by a phone they share from the beginning.
        moved: facts that are the survivor's from now on, by table.
        kept: what there is of the merged customer, and of the person they were, that counts for the survivor.
        messages: what became of messages that waited: held_out and merged are cancelled, put_off wait for another day.
    """

    shop_id: str
    from_id: str
    into_id: str
    known_at: datetime
    merge_no: int | None
    were_two_people: bool
    moved: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)


def merge_customers(
    services: Services, shop: Shop, *, from_id: str, into_id: str, who: str, note: str, dry_run: bool = False
) -> Outcome:
    """Say that one customer of a shop is another, from now by the shop's business clock on. Nothing undoes it.

    Nobody decides for the shop, or for another of its brand, meanwhile.

    Args:
        services: the installation.
        shop: whose customers both are.
        from_id: the customer id that ends: its facts become the other's.
        into_id: the customer id that survives, with its identity.
        who: says it.
        note: why; what looks like an address in it is starred, because notes are shown.
        dry_run: do it, tell what it did, and undo it.

    Raises:
        TouchpointError: no name, no note, or `facts.customers.merge` refuses.
        TimeError: see `facts.customers.merge`.
    """
    who, note = " ".join(who.split()), " ".join(note.split())[:NOTE_LENGTH]
    if not who or not note:
        raise TouchpointError("nobody says so, or not why", place="--by, --note", remedy="give both: they are kept")
    with services.db.transaction() as tx:
        decisions.lock(tx, realm=shop.realm, shop_id=shop.id)
        if shop.brand:
            tx.do("decide/lock", realm=shop.realm, scope=shop.identity_scope)
        at = services.business_clock(shop.realm).now()
        if not dry_run:
            return _merge(tx, services, shop, from_id, into_id, who, star_addresses(note), at, keep=True)
        with tx.undone():
            return _merge(tx, services, shop, from_id, into_id, who, star_addresses(note), at, keep=False)


def _merge(
    tx: Transaction,
    services: Services,
    shop: Shop,
    from_id: str,
    into_id: str,
    who: str,
    note: str,
    at: datetime,
    *,
    keep: bool,
) -> Outcome:
    loser, winner = customers.account(tx, shop.id, from_id), customers.account(tx, shop.id, into_id)
    kept = tx.one(
        "people/holdings",
        shop_id=shop.id,
        customer_id=loser.customer_id,
        customer_no=loser.customer_no,
        identity=loser.identity,
        as_of=customers.ALWAYS,
    )
    outbox.hold(tx, {loser.identity, winner.identity})
    made = customers.merge(tx, shop_id=shop.id, from_id=from_id, into_id=into_id, who=who, note=note, at=at)
    settled = outbox.settle(
        tx,
        shop=shop,
        identity=made.identity,
        at=at,
        policy=load_policy(services.config),
        campaigns=load_campaigns(services.config).by_id,
    )
    return Outcome(
        shop_id=shop.id,
        from_id=from_id,
        into_id=into_id,
        known_at=at,
        merge_no=made.merge_no if keep else None,
        were_two_people=len(made.identities) > 1,
        moved=made.moved,
        kept=kept,
        messages=dict(settled),
    )
