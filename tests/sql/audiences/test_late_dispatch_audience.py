"""The audience of late dispatch, case by case (late_dispatch.yaml), and against plain Python on random orders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given as with_any
from hypothesis import settings
from hypothesis import strategies as st
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_order,
    insert,
    make_run,
    make_segments,
    make_shop,
    rows,
    undone,
)

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience
from touchpoint.decide.given import available
from touchpoint.local.postgres import Server
from touchpoint.settings import Shop

CASES = yaml.safe_load((Path(__file__).parent / "late_dispatch.yaml").read_text())
SOURCE = {"adapter": "taobao", "connection": "sandbox_platform"}
DAY, CAP = timedelta(hours=24), timedelta(days=5)


def at(relative: str | None) -> datetime | None:
    """`-45m` as an instant relative to the audience's."""
    if relative is None:
        return None
    found = re.fullmatch(r"(-?\d+)([smh])", relative)
    assert found, relative
    unit = {"s": "seconds", "m": "minutes", "h": "hours"}[found[2]]
    return AS_OF + timedelta(**{unit: int(found[1])})


def versions(order: dict[str, Any]) -> dict[str, Any]:
    """Columns of facts.orders for an order of a case."""
    paid = at(order["paid"])
    made = at(order["made"]) if "made" in order else (paid or AS_OF) - timedelta(minutes=5)
    names = ("shipped_at", "closed_at", "finished_at", "known_at", "known_from", "known_until")
    instants = {key: at(order[key]) for key in names if key in order}
    payment = {"paid_at": paid, "paid_minor": 1000, "payment_state": "paid"} if paid else {}
    return {"created_at": made, "kind": order.get("kind", "normal"), **payment, **instants}


def put(tx: Transaction, order: dict[str, Any]) -> None:
    columns = versions(order)
    made = columns.pop("created_at")
    add_order(tx, order["id"], order.get("buyer", "b"), made, **columns)
    known = at(order["parcels_known"]) if "parcels_known" in order else made
    stamps = {"shop_id": SHOP, "order_id": order["id"], "modified_at": made, "batch_id": 1}
    for number, left in enumerate(order.get("parcels", [])):
        insert(
            tx, "facts.shipments", shipment_id=f"{order['id']}-{number}", shipped_at=at(left), known_at=known, **stamps
        )
    for number, (amount, state, happened) in enumerate(order.get("refunds", [])):
        money = {"amount_minor": amount, "currency": "CNY", "state": state, "happened_at": at(happened)}
        insert(tx, "facts.refunds", refund_id=f"{order['id']}-{number}", known_at=made, **money, **stamps)


def put_replaced(tx: Transaction, version: dict[str, Any]) -> None:
    """A replaced version beside the current order of the same id."""
    number = rows(tx, "SELECT customer_no FROM facts.orders WHERE order_id = %(id)s", id=version["id"])
    columns = versions(version)
    plain = {"order_id": version["id"], "shop_id": SHOP, "total_minor": 1000, "currency": "CNY", "batch_id": 1}
    stamps = {"source": "default", "modified_at": columns["created_at"], "known_at": columns["known_from"]}
    insert(
        tx,
        "facts.orders_history",
        customer_no=number[0]["customer_no"],
        **{"payment_state": "none", **plain, **stamps, **columns},
    )


def cover(tx: Transaction, order_id: str, covered: datetime | None, released: datetime | None) -> None:
    run = make_run(tx, covered or AS_OF)
    touch = rows(
        tx,
        "INSERT INTO ledger.touch (realm, shop_id, campaign_id, step, occasion, identity, customer_id, decision,"
        " decided_as_of, decided_dag_id, decided_run_no) VALUES ('live', %(shop)s, 'late_dispatch', 'not_dispatched',"
        " %(order)s, gen_random_uuid(), 'someone', 'enqueued', %(at)s, 'd', %(run)s) RETURNING touch_id",
        shop=SHOP,
        order=order_id,
        at=covered,
        run=run.run_no,
    )
    key = {"realm": "live", "shop_id": SHOP, "campaign_id": "late_dispatch", "step": "not_dispatched"}
    times = {"covered_as_of": covered, "released_as_of": released}
    insert(tx, "ledger.touch_cover", covered_id=order_id, touch_id=touch[0]["touch_id"], **key, **times)


def campaign() -> Campaign:
    return load_campaigns().by_id["late_dispatch"]


def shop(entities: list[str]) -> Shop:
    return make_shop(sources=dict.fromkeys(entities, SOURCE))


def ask(tx: Transaction, as_of: datetime = AS_OF, entities: list[str] | None = None) -> audience.Audience:
    return audience.ask(
        tx,
        run=make_run(tx, as_of),
        shop=shop(entities or ["order", "shipment"]),
        campaign=campaign(),
        relation="record.customer_features",
        segments=make_segments(),
    )


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Database]:
    """One database for all cases: each works in a transaction that is undone."""
    server.create_database("test_late_audience", template="template_touchpoint")
    database = Database(server.url("test_late_audience"))
    yield database
    database.close()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_late_dispatch(shared: Database, case: dict[str, Any]) -> None:
    with undone(shared) as tx:
        for order in case["orders"]:
            put(tx, order)
        for version in case.get("history", []):
            put_replaced(tx, version)
        for covered in case.get("covers", []):
            cover(tx, covered["id"], at(covered["at"]), at(covered.get("released")))
        candidates = ask(tx, entities=case.get("entities")).candidates
    told = [
        {key: list(value) if isinstance(value := getattr(one, key), tuple) else value for key in expected}
        for one, expected in zip(candidates, case["expect"], strict=False)
    ]
    wanted = [
        {key: at(value) if key in ("not_before", "not_after") else value for key, value in line.items()}
        for line in case["expect"]
    ]
    assert (told, len(candidates)) == (wanted, len(wanted))


def test_the_file_says_what_these_cases_stand_on() -> None:
    assert campaign().audience.sql_parameters() == {"after": 24 * 3600, "age_cap": 5 * 24 * 3600}
    assert campaign().steps[0].id == "not_dispatched"


def test_asked_again_later_about_the_same_instant_the_answer_is_the_same(shared: Database) -> None:
    with undone(shared) as tx:
        put(tx, {"id": "A", "paid": "-30h"})
        put(tx, {"id": "B", "paid": "-26h"})
        before = ask(tx)
        # What happened and became known since: shipped, paid back, and a text about both.
        tx.connection.exec_driver_sql("UPDATE facts.orders SET shipped_at = %s WHERE order_id = 'A'", (at("1m"),))
        put(tx, {"id": "C", "buyer": "c", "paid": "-30h", "known_at": "1m"})
        insert(
            tx, "facts.refunds", shop_id=SHOP, refund_id="R", order_id="B", amount_minor=1000, currency="CNY",
            happened_at=at("1m"), modified_at=at("1m"), known_at=at("2m"), batch_id=1,
        )  # fmt: skip
        cover(tx, "A", at("1m"), None)
        after = ask(tx)
    assert (before.audience_hash, before.candidate_count) == (after.audience_hash, 1)


ORDERS = st.lists(
    st.fixed_dictionaries(
        {
            "buyer": st.sampled_from(["b", "c"]),
            "paid": st.none() | st.integers(-6 * 24, 2),
            "shipped": st.none() | st.integers(-130, 3),
            "parcel": st.none() | st.integers(-130, 3),
            "closed": st.none() | st.integers(-130, 3),
            "refund": st.none()
            | st.tuples(st.sampled_from([400, 1000]), st.sampled_from(["asked", "succeeded", "refused"])),
            "kind": st.sampled_from(["normal", "normal", "normal", "presale", "price_difference", "cash_on_delivery"]),
        }
    ),
    max_size=7,
)


def hours(value: int | None) -> datetime | None:
    return None if value is None else AS_OF + timedelta(hours=value)


def plainly(orders: list[dict[str, Any]]) -> set[tuple[str, tuple[str, ...], str | None]]:
    """(occasion, covers, reason) of each text, told without a database."""
    texts = set()
    for buyer in {order["buyer"] for order in orders}:
        late = [(number, order) for number, order in enumerate(orders) if order["buyer"] == buyer and is_late(order)]
        late.sort(key=lambda each: (each[1]["paid"], f"o{each[0]}"))
        good = [each for each in late if reason_of(each[1]) is None]
        chosen = good or late
        if chosen:
            covers = tuple(f"o{number}" for number, _ in chosen)
            texts.add((covers[0], covers, reason_of(chosen[0][1])))
    return texts


def is_late(order: dict[str, Any]) -> bool:
    gone = any(order[what] is not None and order[what] <= 0 for what in ("shipped", "parcel", "closed"))
    paid = order["paid"]
    return paid is not None and -120 < paid <= -24 and not gone and order["kind"] != "cash_on_delivery"


def reason_of(order: dict[str, Any]) -> str | None:
    if order["kind"] != "normal":
        return str(order["kind"])
    amount, state = order["refund"] or (0, "")
    return "refund_asked" if state == "asked" else "refunded" if state == "succeeded" and amount >= 1000 else None


@settings(max_examples=60, deadline=None)
@with_any(orders=ORDERS)
def test_it_is_what_plain_python_says(shared: Database, orders: list[dict[str, Any]]) -> None:
    with undone(shared) as tx:
        for number, order in enumerate(orders):
            paid = hours(order["paid"])
            made = min(paid or AS_OF, AS_OF) - timedelta(minutes=5)
            payment = {"paid_at": paid, "paid_minor": 1000, "payment_state": "paid"} if paid else {}
            ends = {"shipped_at": hours(order["shipped"]), "closed_at": hours(order["closed"]), "kind": order["kind"]}
            add_order(tx, f"o{number}", order["buyer"], made, item=None, **payment, **ends)
            stamps = {"shop_id": SHOP, "order_id": f"o{number}", "modified_at": made, "known_at": made, "batch_id": 1}
            if order["parcel"] is not None:
                insert(tx, "facts.shipments", shipment_id=f"p{number}", shipped_at=hours(order["parcel"]), **stamps)
            if order["refund"]:
                amount, state = order["refund"]
                money = {"amount_minor": amount, "currency": "CNY", "state": state, "happened_at": made}
                insert(tx, "facts.refunds", refund_id=f"r{number}", **money, **stamps)
        found = {(one.occasion, one.covers, one.exclude_reason) for one in ask(tx).candidates}
    assert found == plainly(orders)


@pytest.mark.parametrize(
    ("zone", "paid"),
    [("Europe/London", "2026-03-28T18:00:00+00:00"), ("America/Sao_Paulo", "2018-11-03T15:00:00+00:00")],
)
def test_a_day_is_24_hours_whatever_the_clocks_do(shared: Database, zone: str, paid: str) -> None:
    instant = datetime.fromisoformat(paid)
    with undone(shared) as tx:
        add_order(tx, "A", "b", instant - timedelta(minutes=5), paid_at=instant, payment_state="paid", paid_minor=1000)
        found = [len(ask(tx, instant + DAY + timedelta(seconds=late)).candidates) for late in (-1, 0)]
    assert (found, instant.tzinfo) == ([0, 1], UTC)


def test_the_cost_does_not_grow_with_the_orders_of_the_past(tx: Transaction) -> None:
    from touchpoint import statements

    text = """
        INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, paid_at, payment_state, total_minor,
            currency, modified_at, known_at, batch_id)
        SELECT 'lab', 'o' || n, 1, made, made + '1 min', 'paid', 100, 'CNY', made, made, 1
        FROM (
            SELECT n, %(at)s::timestamptz - '31 days'::interval - n * ('900 days'::interval / %(n)s) AS made
            FROM generate_series(1, %(n)s) n
        ) o
        ON CONFLICT DO NOTHING
    """

    def buffers(old_orders: int) -> int:
        tx.connection.exec_driver_sql(text, {"n": old_orders, "at": AS_OF})
        tx.connection.exec_driver_sql("ANALYZE")
        statement = statements.load("audiences/late_dispatch")
        given = available(
            run=make_run(tx),
            shop=shop(["order", "shipment"]),
            campaign=campaign(),
            relation="record.customer_features",
            segments=make_segments(),
        )
        bound, values = statement.bind({key: given[key] for key in statement.params})
        plan = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {bound}", values).scalar_one()
        assert "orders_created" in str(plan)
        return int(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])

    for number in range(100):
        put(tx, {"id": f"late{number}", "buyer": f"b{number}", "paid": "-30h"})
    small = buffers(5_000)
    assert buffers(50_000) <= small * 1.5 + 200  # ten times the orders; index levels may grow by one
