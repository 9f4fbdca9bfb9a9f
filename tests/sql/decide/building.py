"""Rows for decide, record and audience tests: builders with defaults, everything by keyword."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Json, Transaction
from touchpoint.model import Cadence, Mode, Run
from touchpoint.record import narrow, refresh
from touchpoint.settings import CONFIG_ROOT, Policy, Segments, Shop, load_tags, read_yaml

AS_OF = datetime.fromisoformat("2026-03-10T14:00:00+08:00")
SHOP = "lab"
_lines = itertools.count(1)


def make_shop(**changed: Any) -> Shop:
    """A shop without connections."""
    given: dict[str, Any] = {
        "id": SHOP,
        "name": "Lab",
        "platform": "taobao",
        "zone": "Asia/Shanghai",
        "locale": "zh-CN",
        "currency": "CNY",
        "signature": "Lab",
        "agent_contact": "the shop's chat",
        "cut_off": "16:00",
        "sending": "on",
        "realm": "live",
        "sources": {},
        **changed,
    }
    return Shop.model_validate(given)


def make_segments() -> Segments:
    given = {"drifting_after": "90d", "dormant_after": "180d", "lost_after": "365d"}
    return Segments.model_validate({**read_yaml(CONFIG_ROOT / "segments.yaml"), **given})


def make_policy(**changed: Any) -> Policy:
    """Quiet from 22:00 (promotional 20:00) until 08:00 everywhere; roomy caps."""
    hours = {"transactional": {"from": "22:00", "until": "08:00"}, "promotional": {"from": "20:00", "until": "08:00"}}
    given: dict[str, Any] = {
        "quiet_hours": {"sms": hours, "email": hours},
        "caps": {"transactional": {"per_day": 2, "per_week": 7}, "promotional": {"per_day": 1, "per_week": 3}},
        "holdout_percent": {"transactional": 0.0, "promotional": 10.0},
        **changed,
    }
    return Policy.model_validate(given)


def make_campaign(**changed: Any) -> Campaign:
    """The unpaid reminder, short."""
    given: dict[str, Any] = {
        "id": "unpaid_reminder",
        "description": "Buyers with open orders.",
        "owner": "marketing",
        "enabled": True,
        "purpose": "transactional",
        "cadence": "intraday",
        "due": "every_run",
        "audience": {
            "statement": "unpaid_reminder",
            "parameters": {
                "delay": {"default": "30m", "flash_sale": "12m", "boleto": "48h"},
                "close_lead": "15m",
                "offer": "none",
            },
        },
        "occasion": "order",
        "steps": [{"id": "remind", "channel": ["sms", "email"], "template": "remind"}],
        "variants": {"by": "stage", "new": "new", "second_time": "offer", "loyal": "loyal"},
        "valid_while": ["order_unpaid"],
        "max_staleness": "30m",
        "priority": 500,
        "limits": {"per_day": 1},
        "holdout": {"percent": 0, "salt": "salt-1"},
        "approval": "none",
        "goal": {"event": "order_paid", "within": "24h"},
        **changed,
    }
    # As the loader hands it over: enumerations and channels by their words.
    return Campaign.model_validate(given)


@contextmanager
def undone(database: Database) -> Iterator[Transaction]:
    """A transaction that is rolled back at its end, so that many cases share one database."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        yield Transaction(connection)
        transaction.rollback()


def insert(tx: Transaction, table: str, **values: Any) -> None:
    """One row; dicts go in as jsonb."""
    columns = ", ".join(values)
    marks = ", ".join(f"%({key})s" for key in values)
    bound = {key: Json(value) if isinstance(value, dict) else value for key, value in values.items()}
    tx.connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", bound)


def rows(tx: Transaction, query: str, **values: Any) -> list[dict[str, Any]]:
    """What a query of a test returns."""
    return [dict(row) for row in tx.connection.exec_driver_sql(query, values or None).mappings()]


def identity_of(name: str) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


def add_customer(tx: Transaction, customer_id: str, *, shop_id: str = SHOP, identity: str | None = None) -> int:
    """A customer; returns customer_no."""
    found = rows(
        tx,
        "INSERT INTO facts.customers (shop_id, customer_id, identity, identity_from, known_at)"
        " VALUES (%(shop)s, %(id)s, %(identity)s, 'buyer', '2020-01-01Z')"
        " ON CONFLICT ON CONSTRAINT customers_pk DO UPDATE SET known_at = excluded.known_at RETURNING customer_no",
        shop=shop_id,
        id=customer_id,
        identity=identity_of(identity or customer_id),
    )
    return int(found[0]["customer_no"])


def add_order(tx: Transaction, order_id: str, customer_id: str, created_at: datetime, **changed: Any) -> None:
    """An open order of 1000 minor units with one line of product `p-<order>`, known since it was made."""
    item = changed.pop("item", {"product_id": f"p-{order_id}"})
    shop_id = changed.pop("shop_id", SHOP)
    given: dict[str, Any] = {
        "shop_id": shop_id,
        "order_id": order_id,
        "customer_no": add_customer(tx, customer_id, shop_id=shop_id),
        "created_at": created_at,
        "total_minor": 1000,
        "currency": "CNY",
        "modified_at": created_at,
        "known_at": created_at,
        "batch_id": 1,
        **changed,
    }
    insert(tx, "facts.orders", **given)
    if item is not None:
        insert(
            tx,
            "facts.order_lines",
            shop_id=shop_id,
            order_id=order_id,
            line_id=f"l{next(_lines)}",
            quantity=1,
            net_minor=1000,
            currency="CNY",
            modified_at=created_at,
            known_at=given["known_at"],
            batch_id=1,
            **item,
        )


def add_address(tx: Transaction, customer_id: str, kind: str = "phone", address: str = "", **changed: Any) -> str:
    """A contact point; returns its hash."""
    address = address or f"{kind}-of-{customer_id}"
    hashed = hashlib.sha256(f"{kind}{address}".encode()).hexdigest()
    given = {"known_at": datetime.fromisoformat("2020-01-01T00:00:00+00:00"), "shop_id": SHOP, **changed}
    insert(
        tx,
        "contact.contact_points",
        customer_id=customer_id,
        kind=kind,
        address=address,
        address_hash=hashed,
        **given,
    )
    return hashed


def make_run(tx: Transaction, as_of: datetime = AS_OF, **changed: Any) -> Run:
    """A run, in the ledger."""
    given: dict[str, Any] = {
        "realm": "live",
        "shop_id": SHOP,
        "dag_id": "touchpoints_intraday__lab",
        "run_id": f"r{next(_lines)}",
        "cadence": "intraday",
        "run_type": "manual",
        "as_of": as_of,
        "mode": "send",
        "is_at_head": True,
        **changed,
    }
    names = ", ".join(given)
    marks = ", ".join(f"%({key})s" for key in given)
    found = rows(tx, f"INSERT INTO ledger.run ({names}) VALUES ({marks}) RETURNING run_no", **given)
    return Run(
        run_no=int(found[0]["run_no"]),
        **{**given, "cadence": Cadence(given["cadence"]), "mode": Mode(given["mode"])},
    )


def cover(tx: Transaction, order_id: str, *, covered_as_of: datetime, released_as_of: datetime | None = None) -> None:
    """A touch of the unpaid reminder that covers an order."""
    run = make_run(tx, covered_as_of)
    touch = rows(
        tx,
        "INSERT INTO ledger.touch (realm, shop_id, campaign_id, step, occasion, identity, customer_id, decision,"
        " decided_as_of, decided_dag_id, decided_run_no) VALUES ('live', %(shop)s, 'unpaid_reminder', 'remind',"
        " %(order)s, %(identity)s, 'someone', 'enqueued', %(at)s, 'd', %(run)s) RETURNING touch_id",
        shop=SHOP,
        order=order_id,
        identity=uuid.uuid4(),
        at=covered_as_of,
        run=run.run_no,
    )
    insert(
        tx,
        "ledger.touch_cover",
        realm="live",
        shop_id=SHOP,
        campaign_id="unpaid_reminder",
        step="remind",
        covered_id=order_id,
        touch_id=touch[0]["touch_id"],
        covered_as_of=covered_as_of,
        released_as_of=released_as_of,
    )


def minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


def refreshed(tx: Transaction, as_of: datetime, batch_ids: list[int], **shop: Any) -> int:
    """The stored record brought to an instant, by the rules of the repository; returns the rows written."""
    given = {"segments": make_segments(), "tags": load_tags()}
    return refresh.refresh(tx, shop=make_shop(**shop), as_of=as_of, batch_ids=batch_ids, **given)


def collected(tx: Transaction, as_of: datetime, **shop: Any) -> None:
    """The narrow facts of everything in facts, as refreshes at the head would have left them."""
    tables = ("orders", "order_lines", "refunds", "products", "reviews", "shipments", "tracking_events")
    found = " UNION ".join(f"SELECT batch_id FROM facts.{table}" for table in tables)
    batch_ids = [row["batch_id"] for row in rows(tx, found)]
    narrow.collect(tx, shop=make_shop(**shop), as_of=as_of, batch_ids=batch_ids)


def scratched(tx: Transaction, as_of: datetime, run_no: int, **shop: Any) -> str:
    """The features of a run of its own as of an instant; returns the relation."""
    collected(tx, as_of, **shop)
    made = make_shop(**shop)
    return refresh.scratch(tx, shop_id=made.id, as_of=as_of, run_no=run_no, segments=make_segments())
