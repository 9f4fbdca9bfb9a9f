"""A small ledger to report on: one shop, a run that sent, a run that recomputed, quarantine, a stop, hostile names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from touchpoint.db import Json, Transaction

SHOP, REALM, CAMPAIGN = "sandbox", "live", "unpaid_reminder"
DAG = f"touchpoints_intraday__{SHOP}"
AS_OF = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)  # 10:30 in Shanghai
RUN_ID = "manual__2026-11-22T10:30:00+08:00"
HOSTILE_NAME = "<script>alert(1)</script>{{7*7}}"
PHONE, EMAIL = "+8613912345678", "wang.xiaoming@example.com"

_RUN = """INSERT INTO ledger.run (realm, shop_id, dag_id, run_id, cadence, run_type, as_of, mode, is_at_head,
ended_real_at)
VALUES (%(realm)s, %(shop_id)s, %(dag_id)s, %(run_id)s, 'intraday', 'manual', %(as_of)s, %(mode)s, true, %(ended)s)
RETURNING run_no"""
_COUNT = """INSERT INTO ledger.run_count VALUES (%(run_no)s, %(campaign)s, %(candidates)s, %(enqueued)s, %(repeated)s,
%(held_out)s, %(suppressed)s, %(capped)s, %(outranked)s, %(expired)s, %(reasons)s)"""
_TOUCH = """INSERT INTO ledger.touch (realm, shop_id, campaign_id, step, occasion, identity, customer_id, address_hash,
decision, decided_as_of, decided_dag_id, decided_run_no)
VALUES (%(realm)s, %(shop_id)s, %(campaign)s, 'remind', %(occasion)s, %(identity)s, %(customer_id)s, %(address_hash)s,
'enqueued', %(as_of)s, %(dag_id)s, %(run_no)s) RETURNING touch_id"""
_MESSAGE = """INSERT INTO ledger.message (realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity,
customer_id, address_kind, address_hash, template, variant, locale, not_before, not_after, planned_on, enqueued_run_no,
enqueued_as_of, state, reason, state_at, lease_until)
VALUES (%(realm)s, %(shop_id)s, %(touch_id)s, %(campaign)s, 'remind', 'transactional', %(channel)s, %(identity)s,
%(customer_id)s, %(kind)s, %(address_hash)s, 'remind', 'new', %(locale)s, %(as_of)s, %(not_after)s, '2026-11-22',
%(run_no)s, %(as_of)s, %(state)s, %(reason)s, %(as_of)s, %(lease)s)"""
_CUSTOMER = """INSERT INTO facts.customers (shop_id, customer_id, identity, identity_from, known_at)
VALUES (%(shop_id)s, %(customer_id)s, %(identity)s, 'phone', %(at)s) RETURNING customer_no"""
_PERSON = """INSERT INTO contact.people (shop_id, customer_id, display_name, locale, modified_at, known_at)
VALUES (%(shop_id)s, %(customer_id)s, %(name)s, %(locale)s, %(at)s, %(at)s)"""
_POINT = """INSERT INTO contact.contact_points (shop_id, customer_id, kind, address_hash, address, is_synthetic,
known_at)
VALUES (%(shop_id)s, %(customer_id)s, %(kind)s, %(address_hash)s, %(address)s, %(synthetic)s, %(at)s)"""
_ORDER = """INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, closes_at, total_minor, currency,
item_count, modified_at, known_at, batch_id)
VALUES (%(shop_id)s, %(order_id)s, %(customer_no)s, %(made)s, %(closes)s, 19900, 'CNY', 1, %(made)s, %(made)s, 1)"""
_LINE = """INSERT INTO facts.order_lines (shop_id, order_id, line_id, title, quantity, price_minor, net_minor, currency,
modified_at, known_at, batch_id)
VALUES (%(shop_id)s, %(order_id)s, '1', %(title)s, 1, 19900, 19900, 'CNY', %(made)s, %(made)s, 1)"""
_COVER = """INSERT INTO ledger.touch_cover (realm, shop_id, campaign_id, step, covered_id, touch_id, covered_as_of)
VALUES (%(realm)s, %(shop_id)s, %(campaign)s, 'remind', %(order_id)s, %(touch_id)s, %(as_of)s)"""
_BATCH = """INSERT INTO landing.batch (shop_id, entity, source, snapshot_at, run_no, as_of, state, verdict, landed,
loaded, unchanged, superseded, quarantined)
VALUES (%(shop_id)s, %(entity)s, 'taobao', %(as_of)s, %(run_no)s, %(as_of)s, %(state)s, %(verdict)s, %(landed)s,
%(loaded)s, %(unchanged)s, %(superseded)s, %(quarantined)s) RETURNING batch_id"""


def execute(tx: Transaction, query: str, **values: Any) -> Any:
    """The first value of the first row a statement of a test returns, if it returns any."""
    done = tx.connection.exec_driver_sql(query, values or None)
    return done.scalar() if done.returns_rows else None


def add_run(tx: Transaction, run_id: str = RUN_ID, **given: Any) -> int:
    """A run of the shop."""
    values = {"realm": REALM, "shop_id": SHOP, "dag_id": DAG, "as_of": AS_OF, "mode": "send", "ended": AS_OF, **given}
    return int(execute(tx, _RUN, run_id=run_id, **values))


def add_counts(tx: Transaction, run_no: int, campaign: str = CAMPAIGN, reasons: Any = None, **counts: int) -> None:
    """What a run decided; candidates are the sum."""
    names = ("enqueued", "repeated", "held_out", "suppressed", "capped", "outranked", "expired")
    values = {name: counts.get(name, 0) for name in names}
    execute(
        tx,
        _COUNT,
        run_no=run_no,
        campaign=campaign,
        candidates=sum(values.values()),
        reasons=Json(reasons or {}),
        **values,
    )


def add_gate(tx: Transaction, run_no: int, state: str = "passed", detail: Any = ()) -> None:
    """What the gate said."""
    execute(
        tx, "INSERT INTO ledger.gate (run_no, state, detail) VALUES (%(run_no)s, %(state)s, %(detail)s)",
        run_no=run_no, state=state, detail=Json(list(detail)),
    )  # fmt: skip


def add_batch(tx: Transaction, run_no: int | None, entity: str = "order", state: str = "loaded", **counts: int) -> int:
    """A batch and what became of its rows."""
    names = ("loaded", "unchanged", "superseded", "quarantined")
    values = {name: counts.get(name, 0) for name in names}
    landed = counts.get("landed", sum(values.values()))
    verdict = "failed" if state == "pending" else "passed"
    return int(
        execute(
            tx, _BATCH, shop_id=SHOP, entity=entity, as_of=AS_OF, run_no=run_no, state=state, verdict=verdict,
            landed=landed, **values,
        )
    )  # fmt: skip


def quarantine(tx: Transaction, batch_id: int, line_no: int, *reasons: str, payload: Any = None) -> None:
    """A row that broke rules."""
    execute(
        tx,
        "INSERT INTO landing.quarantine (shop_id, entity, batch_id, line_no, reasons, payload, as_of) "
        "VALUES (%(shop_id)s, 'order', %(batch_id)s, %(line_no)s, %(reasons)s, %(payload)s, %(as_of)s)",
        shop_id=SHOP, batch_id=batch_id, line_no=line_no, reasons=list(reasons), payload=Json(payload or {}),
        as_of=AS_OF,
    )  # fmt: skip


def add_message(tx: Transaction, run_no: int, number: int, **given: Any) -> None:
    """A buyer with an open order, the touch that covers it and the message."""
    sms = given.get("channel", "sms") == "sms"
    values: dict[str, Any] = {
        "realm": REALM,
        "shop_id": SHOP,
        "campaign": CAMPAIGN,
        "dag_id": DAG,
        "as_of": AS_OF,
        "at": AS_OF - timedelta(days=1),
        "made": AS_OF - timedelta(minutes=45),
        "closes": AS_OF + timedelta(hours=23),
        "not_after": AS_OF + timedelta(hours=4),
        "lease": None,
        "run_no": run_no,
        "identity": UUID(int=number),
        "customer_id": f"buyer-{number}",
        "order_id": f"order-{number}",
        "occasion": f"order-{number}",
        "channel": "sms",
        "kind": "phone" if sms else "email",
        "address": PHONE if sms else EMAIL,
        "address_hash": f"hash-{number}",
        "locale": "zh-CN",
        "name": "王小明",
        "title": "手工陶瓷马克杯 350ml",
        "state": "accepted",
        "reason": None,
        "synthetic": False,
        **given,
    }
    customer_no = execute(tx, _CUSTOMER, **values)
    execute(tx, _PERSON, **values)
    execute(tx, _POINT, **values)
    execute(tx, _ORDER, customer_no=customer_no, **values)
    execute(tx, _LINE, **values)
    touch_id = execute(tx, _TOUCH, **values)
    execute(tx, _COVER, touch_id=touch_id, **values)
    execute(tx, _MESSAGE, touch_id=touch_id, **values)


def finding(entity: str, rule: str, severity: str, failing: int = 0) -> dict[str, Any]:
    """One expectation as the gate writes it down; it held where nothing failed."""
    return {
        "batch_id": 1,
        "entity": entity,
        "rule": rule,
        "severity": severity,
        "success": not failing,
        "failing": failing,
    }


def seed(tx: Transaction) -> int:
    """The whole small ledger; returns the number of the run that sent."""
    run_no = add_run(tx)
    add_gate(
        tx, run_no, detail=[
            finding("order", "order_id is given", "row"),
            finding("order", "total is an amount", "row", 2),
            finding("order", "share of unknown sources", "warning", 7),
        ],
    )  # fmt: skip
    batch = add_batch(tx, run_no, loaded=812, unchanged=40, superseded=3, quarantined=2)
    add_batch(tx, run_no, "order_line", loaded=1_234_567)
    add_batch(tx, run_no, "shipment", state="pending", landed=31)
    quarantine(tx, batch, 5, "total is an amount", payload={"phone": PHONE, "note": HOSTILE_NAME})
    quarantine(tx, batch, 9, "total is an amount", "created_at is an instant")
    add_counts(
        tx, run_no, enqueued=6, repeated=12, suppressed=9, capped=2, expired=1, held_out=1,
        reasons={
            "suppressed: no_address": 5, "suppressed: no_offer": 3, "suppressed: cash_on_delivery": 1,
            "capped: per_day": 2, "expired: quiet_hours": 1,
        },
    )  # fmt: skip
    add_message(tx, run_no, 1)
    add_message(tx, run_no, 2, channel="email")
    add_message(tx, run_no, 3, locale="en", name=HOSTILE_NAME, title="<img src=x onerror=alert(1)>")
    add_message(tx, run_no, 4, state="waiting")
    add_message(tx, run_no, 5, state="unknown")
    add_message(tx, run_no, 6, state="cancelled", reason="paid")
    past = add_run(tx, "backfill__2026-11-12", mode="recompute", as_of=AS_OF - timedelta(days=10))
    execute(
        tx,
        "INSERT INTO ledger.recomputation (run_no, campaign_id, compared_run_no, candidate_count, audience_hash, "
        "differs_by, decisions) VALUES (%(run_no)s, %(campaign)s, %(then)s, 30, 'x', '{data}', %(decisions)s)",
        run_no=past, campaign=CAMPAIGN, then=run_no,
        decisions=Json({"enqueued": 7, "repeated": 11, "suppressed": 9, "capped": 2, "expired": 1}),
    )  # fmt: skip
    execute(
        tx,
        "INSERT INTO ledger.stop (scope, campaign_id, is_stopped, who, note) "
        "VALUES ('campaign', 'unpaid_reminder', true, 'ops', 'wording under review')",
    )
    execute(
        tx,
        "INSERT INTO record.heads VALUES (%(shop)s, %(at)s, %(at)s)",
        shop=SHOP, at=AS_OF,
    )  # fmt: skip
    execute(
        tx,
        "INSERT INTO landing.watermark (shop_id, entity, extracted_until) VALUES (%(shop)s, 'order', %(at)s)",
        shop=SHOP, at=AS_OF,
    )  # fmt: skip
    return run_no
