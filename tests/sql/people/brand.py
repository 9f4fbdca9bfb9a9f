"""Shops of a brand, and of another: their people and orders, loaded as a run does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.sql.decide.building import make_campaign, make_policy, make_run, make_segments, rows
from tests.sql.facts.builders import AS_OF, load, member, order, shop

from touchpoint.db import Transaction
from touchpoint.decide import audience, plan
from touchpoint.model import Entity
from touchpoint.outbox.enqueue import enqueue
from touchpoint.record import narrow, refresh
from touchpoint.settings import Shop

HOUR = timedelta(hours=1)
SMS = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}}
NORTH, SOUTH = (shop(id=name, brand="tea", sms=SMS) for name in ("north", "south"))
STRANGE = shop(id="strange", brand="wine", sms=SMS)
PHONE, OTHER = "13812345678", "13912345678"


def bought(order_id: str, customer_id: str, paid: str = "100.00", **changed: str | None) -> dict[str, str | None]:
    done = {"paid_at": "2026-11-20T09:05:00+08:00", "payment_state": "paid", "paid": paid}
    return order(order_id, customer_id=customer_id, **{**done, **changed})


def told(tx: Transaction, of: Shop, people: dict[str, str], *orders: dict[str, str | None]) -> None:
    """A shop's members, by phone, and orders."""
    listed = [member(name, phone=phone, email=None) for name, phone in people.items()]
    load(tx, {Entity.MEMBER: listed}, entity=Entity.MEMBER, of=of)
    load(tx, {Entity.ORDER: list(orders)}, of=of)
    collect(tx, of, AS_OF)


def collect(tx: Transaction, of: Shop, as_of: Any) -> None:
    batches = [row["batch_id"] for row in rows(tx, "SELECT batch_id FROM landing.batch WHERE shop_id = %(s)s", s=of.id)]
    narrow.collect(tx, shop=of, as_of=as_of, batch_ids=batches)


def three_shops(tx: Transaction) -> None:
    """One person in all three shops, two others; ids of shops say nothing to each other."""
    told(tx, NORTH, {"n1": PHONE, "n2": OTHER}, bought("o1", "n1"), bought("o2", "n2", "7.00"))
    told(tx, SOUTH, {"s1": PHONE, "s3": "13712345678"}, bought("o3", "s1", "50.00"), bought("o4", "s3", "3.00"))
    told(tx, STRANGE, {"x1": PHONE}, bought("o5", "x1", "900.00"))


def decided(tx: Transaction, of: Shop, at: Any, **holdout: Any) -> dict[str, int]:
    """The unpaid reminder of a shop, whole."""
    campaign = make_campaign()
    campaign = campaign.model_copy(update={"holdout": campaign.holdout.model_copy(update=holdout)})
    run = make_run(tx, at, shop_id=of.id, dag_id=f"intraday__{of.id}")
    collect(tx, of, at)
    relation = refresh.scratch(tx, shop_id=of.id, as_of=at, run_no=run.run_no, segments=make_segments())
    audience.store(tx, run=run, shop=of, campaign=campaign, relation=relation, segments=make_segments())
    made_plan = plan.decide(tx, run=run, shop=of, policy=make_policy(), campaigns={campaign.id: campaign}, at=at)
    enqueue(tx, run, made_plan.enqueue)
    return {kind: number for kind, number in made_plan.counts[campaign.id].items() if number}
