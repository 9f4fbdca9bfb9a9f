"""Messages about parcels, decided from the audience and judged as a claim judges them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.sql.audiences.parcels import CAMPAIGN, add_parcel, ask, tell
from tests.sql.decide.building import AS_OF, SHOP, insert, make_run, make_shop, rows

from touchpoint.clock import real_now
from touchpoint.db import Transaction
from touchpoint.model import Channel, Purpose
from touchpoint.outbox.claim import judge
from touchpoint.render.messages import Rendered, Renderer, message_context

LATER = AS_OF + timedelta(hours=3)
LATE = {"id": "P", "shipped": "-6d", "scans": [["picked_up", "-4d"]]}
TROUBLE = {"id": "P", "shipped": "-6d", "scans": [["picked_up", "-4d"], ["exception", "-1h"]]}


def message(tx: Transaction, touch_id: int, step: str, **changed: Any) -> int:
    """A message of a touch, claimed."""
    given = {
        "realm": "live",
        "shop_id": SHOP,
        "touch_id": touch_id,
        "campaign_id": CAMPAIGN,
        "step": step,
        "purpose": "transactional",
        "channel": "sms",
        "identity": rows(tx, "SELECT identity FROM facts.customers WHERE customer_id = 'b'")[0]["identity"],
        "customer_id": "b",
        "address_kind": "phone",
        "address_hash": "hash",
        "template": step,
        "locale": "zh-CN",
        "valid_while": ["shipment_open"],
        "not_before": AS_OF,
        "not_after": AS_OF + timedelta(days=2),
        "planned_on": AS_OF.date(),
        "enqueued_run_no": make_run(tx).run_no,
        "enqueued_as_of": AS_OF,
        "state": "claimed",
        "lease_until": real_now() + timedelta(hours=1),
        "state_at": AS_OF,
        **changed,
    }
    insert(tx, "ledger.message", **given)
    return int(rows(tx, "SELECT max(message_id) AS no FROM ledger.message")[0]["no"])


def decided(tx: Transaction, *parcels: dict[str, Any], step: str) -> int:
    """What the audience returns for these parcels, covered and enqueued; the message's id."""
    for parcel in parcels:
        add_parcel(tx, parcel)
    [candidate] = ask(tx).candidates
    assert candidate.step == step
    return message(tx, tell(tx, list(candidate.covers), step, "0m"), step)


def judged(tx: Transaction, message_id: int, when: Any = LATER) -> tuple[str, str | None]:
    """State and reason of a message after the claim has judged it; no address is looked at."""
    tx.connection.exec_driver_sql(
        "INSERT INTO contact.contact_points (shop_id, customer_id, kind, address_hash, address, known_at)"
        " VALUES (%(shop)s, 'b', 'phone', 'hash', '+8613900000000', '2020-01-01Z') ON CONFLICT DO NOTHING",
        {"shop": SHOP},
    )
    row = {"message_id": message_id, "valid_while": ["shipment_open"]}
    judge(tx, [row], shop=make_shop(), at=when, is_claim=True)
    found = rows(tx, "SELECT state, reason FROM ledger.message WHERE message_id = %(id)s", id=message_id)[0]
    return found["state"], found["reason"]


def covered(tx: Transaction) -> dict[str, str | None]:
    found = rows(tx, "SELECT covered_id, release_reason FROM ledger.touch_cover ORDER BY covered_id")
    return {row["covered_id"]: row["release_reason"] for row in found}


def rendered(
    tx: Transaction, message_id: int, step: str, when: Any = LATER, locale: str = "zh-CN", channel: str = "sms"
) -> Rendered:
    tx.connection.exec_driver_sql("UPDATE ledger.message SET locale = %(locale)s", {"locale": locale})
    [row] = tx.many("outbox/context/shipment", message_ids=[message_id], at=when)
    shop = make_shop()
    return Renderer().render(
        shop=shop,
        campaign=CAMPAIGN,
        locale=locale,
        template=step,
        variant=None,
        channel=Channel(channel),
        purpose=Purpose.TRANSACTIONAL,
        context=message_context(shop, row, when),
    )
