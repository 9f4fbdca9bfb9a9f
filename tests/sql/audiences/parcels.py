"""Parcels for tests: shipments, scans, refunds and earlier texts, by times relative to the audience's instant."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta
from typing import Any

from tests.sql.decide.building import AS_OF, SHOP, add_order, insert, make_run, make_segments, make_shop, rows

from touchpoint.campaigns.load import load_campaigns
from touchpoint.db import Transaction
from touchpoint.decide import audience
from touchpoint.record import parcels as record_parcels

CAMPAIGN = "delayed_shipment"
RULES: dict[str, Any] = {
    "zone": "Asia/Shanghai",
    "zones": {"far": "America/Sao_Paulo"},
    "days": 3,
    "regions": {"hills": 6},
    "carriers": {"swift": {"days": 1, "regions": {"hills": 2}, "stuck_after": 86400}},
    "stuck_after": 5 * 86400,
    "still_after": 48 * 3600,
    "no_first_scan_after": 86400,
    "give_up_after": 30 * 86400,
    "problems": {"lost": 0, "out_of_area": 0, "exception": 0, "delayed": 43200, "attempt_failed": 86400},
    "rest": {"picked_up": 1.0, "customs": 0.8, "in_transit": 0.6, "arrived_city": 0.3, "out_for_delivery": 0.0},
}
"""As config/logistics.yaml says them to SQL."""
_numbers = itertools.count(1)


def at(relative: str | datetime) -> datetime:
    """`-4d`, `-90m`, `-4d12h` as an instant relative to the audience's; an absolute one as it is."""
    if isinstance(relative, datetime):
        return relative
    if relative[:4].isdigit():
        return datetime.fromisoformat(relative)
    found = re.fullmatch(r"(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", relative)
    assert found, relative
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    away = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return AS_OF - away if found[1] else AS_OF + away


def add_scan(tx: Transaction, shipment_id: str, state: str, when: str, **changed: Any) -> None:
    """A scan, known when it happened unless `known` says otherwise."""
    known = changed.pop("known", when)
    insert(
        tx,
        "facts.tracking_events",
        shop_id=changed.pop("shop_id", SHOP),
        shipment_id=shipment_id,
        event_key=f"k{next(_numbers)}",
        happened_at=at(when),
        state=state,
        known_at=at(known),
        **{"batch_id": 1, **changed},
    )


def add_parcel(tx: Transaction, given: dict[str, Any]) -> None:
    """A parcel of one order with its scans: [state, when], or a mapping with state, at, known, description.

    Keys: id, buyer, order, shipped, promised, carrier, region, known, scans, refund, closed, finished, was (promises
    known before: [promised, known from, known until]).
    """
    shipment_id, order_id = given["id"], given.get("order", f"o-{given['id']}")
    shipped = at(given.get("shipped", "-5d"))
    if not rows(tx, "SELECT FROM facts.orders WHERE order_id = %(id)s", id=order_id):
        ends = {f"{name}_at": at(given[name]) for name in ("closed", "finished") if name in given}
        made = min(shipped, AS_OF) - timedelta(days=1)
        paid = {"paid_at": made, "payment_state": "paid"}
        add_order(tx, order_id, given.get("buyer", "b"), made, **paid, **ends)
    row = {
        "shop_id": SHOP,
        "shipment_id": shipment_id,
        "order_id": order_id,
        "carrier": given.get("carrier"),
        "region": given.get("region"),
        "shipped_at": shipped,
        "promised_at": at(given["promised"]) if "promised" in given else None,
        "modified_at": shipped,
        "batch_id": 1,
    }
    insert(tx, "facts.shipments", **row, known_at=at(given.get("known", shipped)))
    for promised, known_from, known_until in given.get("was", []):
        stamps = {"known_at": at(known_from), "known_from": at(known_from), "known_until": at(known_until)}
        replaced = {**row, "promised_at": at(promised) if promised else None}
        insert(tx, "facts.shipments_history", **replaced, **stamps)
    for scan in given.get("scans", []):
        told = scan if isinstance(scan, dict) else {"state": scan[0], "at": scan[1]}
        more = {key: value for key, value in told.items() if key not in ("state", "at")}
        add_scan(tx, shipment_id, told["state"], told["at"], **more)
    for state in filter(None, [given.get("refund")]):
        add_refund(tx, order_id, state, given.get("refund_at", "-1h"))


def add_refund(tx: Transaction, order_id: str, state: str, when: str) -> None:
    """A refund of an order."""
    stamps = {"happened_at": at(when), "modified_at": at(when), "known_at": at(when), "batch_id": 1}
    money = {"amount_minor": 1000, "currency": "CNY"}
    key = {"shop_id": SHOP, "refund_id": f"r{next(_numbers)}", "order_id": order_id}
    insert(tx, "facts.refunds", **key, **money, **stamps, state=state)


def tell(
    tx: Transaction, shipment_ids: list[str], step: str, when: str, *, released: str | None = None, buyer: str = "b"
) -> int:
    """An earlier text of the campaign about parcels; returns its touch id."""
    run = make_run(tx, at(when))
    touch = rows(
        tx,
        "INSERT INTO ledger.touch (realm, shop_id, campaign_id, step, occasion, identity, customer_id, decision,"
        " decided_as_of, decided_dag_id, decided_run_no) SELECT 'live', %(shop)s, %(campaign)s, %(step)s, %(occasion)s,"
        " identity, customer_id, 'enqueued', %(at)s, 'd', %(run)s FROM facts.customers WHERE customer_id = %(buyer)s"
        " RETURNING touch_id",
        shop=SHOP,
        campaign=CAMPAIGN,
        step=step,
        occasion=shipment_ids[0],
        at=at(when),
        run=run.run_no,
        buyer=buyer,
    )[0]["touch_id"]
    for shipment_id in shipment_ids:
        insert(
            tx,
            "ledger.touch_cover",
            realm="live",
            shop_id=SHOP,
            campaign_id=CAMPAIGN,
            step=step,
            covered_id=shipment_id,
            touch_id=touch,
            covered_as_of=at(when),
            released_as_of=at(released) if released else None,
        )
    return int(touch)


def ask(tx: Transaction, as_of: datetime = AS_OF, rules: dict[str, Any] | None = None) -> audience.Audience:
    """The audience of delayed_shipment."""
    return audience.ask(
        tx,
        run=make_run(tx, as_of),
        shop=make_shop(),
        campaign=load_campaigns().by_id[CAMPAIGN],
        relation="record.customer_features",
        segments=make_segments(),
        logistics=rules or RULES,
    )


def refresh(tx: Transaction, as_of: datetime, batch_ids: tuple[int, ...] = (1,)) -> None:
    """The stored parcels, and the head, at an instant."""
    record_parcels.refresh(tx, shop_id=SHOP, as_of=as_of, batch_ids=list(batch_ids))
    tx.connection.exec_driver_sql(
        "INSERT INTO record.heads (shop_id, refreshed_as_of, loaded_as_of) VALUES (%(shop)s, %(at)s, %(at)s)"
        " ON CONFLICT (shop_id) DO UPDATE SET refreshed_as_of = excluded.refreshed_as_of",
        {"shop": SHOP, "at": as_of},
    )
