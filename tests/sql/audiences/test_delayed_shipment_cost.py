"""What the audience of delayed_shipment costs: what is open, not what was ever shipped."""

from __future__ import annotations

import ast
from datetime import timedelta

from tests.sql.audiences.parcels import CAMPAIGN, RULES, add_parcel, refresh
from tests.sql.decide.building import AS_OF, make_run, make_segments, make_shop
from tests.sql.outbox.parcel_messages import LATE, decided

from touchpoint import statements
from touchpoint.campaigns.load import load_campaigns
from touchpoint.db import Transaction
from touchpoint.decide.given import available

SHIPPED = (
    """
    INSERT INTO facts.customers (shop_id, customer_id, identity, identity_from, known_at)
    SELECT 'lab', 'old' || n, gen_random_uuid(), 'buyer', '2020-01-01Z' FROM generate_series(1, 2000) n
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, paid_at, payment_state, finished_at,
        total_minor, currency, modified_at, known_at, batch_id)
    SELECT 'lab', 'x' || n, 1 + n %% 1000, made, made, 'paid', made + '5 days'::interval, 100, 'CNY', made, made, 7
    FROM (
        SELECT n, %(at)s::timestamptz - '6 days'::interval - n * ('900 days'::interval / %(n)s) AS made
        FROM generate_series(1, %(n)s) n
    ) o
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO facts.shipments (shop_id, shipment_id, order_id, shipped_at, modified_at, known_at, batch_id)
    SELECT 'lab', 'x' || order_id, order_id, created_at, created_at, created_at, 7 FROM facts.orders WHERE batch_id = 7
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO facts.tracking_events (shop_id, shipment_id, event_key, happened_at, state, known_at, batch_id)
    SELECT 'lab', 'x' || order_id, state, created_at + after, state, created_at + after, 7
    FROM facts.orders
    CROSS JOIN (VALUES ('picked_up', '1 hour'::interval), ('delivered', '4 days'::interval)) AS scans (state, after)
    WHERE batch_id = 7
    ON CONFLICT DO NOTHING
    """,
)


def ship(tx: Transaction, parcels: int) -> None:
    """That many parcels delivered over the last three years, taken into the record as a history load is."""
    for text in SHIPPED:
        tx.connection.exec_driver_sql(text, {"n": parcels, "at": AS_OF})
    tx.connection.exec_driver_sql("ANALYZE")
    refresh(tx, AS_OF, batch_ids=(1, 7))
    tx.connection.exec_driver_sql("ANALYZE record.parcels")


def plan_of(tx: Transaction) -> tuple[int, str]:
    """Buffers the audience touches, and its plan as text."""
    given = available(
        run=make_run(tx),
        shop=make_shop(),
        campaign=load_campaigns().by_id[CAMPAIGN],
        relation="record.customer_features",
        segments=make_segments(),
        logistics=RULES,
    )
    statement = statements.load("audiences/delayed_shipment")
    text, values = statement.bind({key: given[key] for key in statement.params})
    plan = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", values).scalar_one()
    top = plan[0]["Plan"]
    return top["Shared Hit Blocks"] + top["Shared Read Blocks"], str(plan)


def test_the_cost_does_not_grow_with_the_parcels_of_the_past(tx: Transaction) -> None:
    for number in range(200):
        told = {"id": f"open{number}", "buyer": f"b{number}", "shipped": f"-{number % 8}d"}
        add_parcel(tx, {**told, "scans": [["picked_up", f"-{number % 8}d"]] if number % 8 else []})
    ship(tx, 3_000)
    small, _ = plan_of(tx)
    ship(tx, 30_000)
    large, plan = plan_of(tx)
    assert "tracking_events" not in executed(plan)
    assert large <= small * 1.05


def executed(plan: str) -> str:
    """Of a plan as text, the parts that ran: what it could have read, and did not, is left out."""

    def ran(node: dict[str, object]) -> list[str]:
        if not node["Actual Loops"]:
            return []
        inner = [name for child in node.get("Plans", []) for name in ran(child)]  # type: ignore[attr-defined]
        return [str(node.get("Relation Name", node["Node Type"])), *inner]

    return " ".join(ran(ast.literal_eval(plan)[0]["Plan"]))


def test_the_functions_are_put_into_the_statement_that_calls_them(tx: Transaction) -> None:
    add_parcel(tx, {"id": "P", "scans": [["picked_up", "-4d"]]})
    _, plan = plan_of(tx)
    assert "Function Scan" not in plan


def test_a_past_instant_reads_the_parcels_of_its_window(tx: Transaction) -> None:
    ship(tx, 20_000)
    refresh(tx, AS_OF + timedelta(days=1), batch_ids=())
    buffers, plan = plan_of(tx)
    assert "shipments_shipped" in plan
    assert buffers < 60_000


def test_what_is_asked_of_one_parcel_or_buyer_is_looked_up(tx: Transaction) -> None:
    """At a claim, and as of a past instant, nothing is read but that parcel's facts."""
    message_id = decided(tx, LATE, step="late")
    ship(tx, 20_000)
    tx.connection.exec_driver_sql(
        "INSERT INTO facts.refunds (shop_id, refund_id, order_id, amount_minor, currency, state, happened_at,"
        " modified_at, known_at, batch_id)"
        " SELECT shop_id, order_id, order_id, 1, 'CNY', 'refused', known_at, known_at, known_at, 7"
        " FROM facts.orders"
    )
    tx.connection.exec_driver_sql("ANALYZE facts.refunds")
    given = {"message_ids": [message_id], "at": AS_OF + timedelta(minutes=1)}
    for name in ("outbox/context/shipment", "outbox/valid/shipment_open"):
        text, values = statements.load(name).bind(given)
        assert buffers_of(tx, text, values) < 100, name
    one = {"id": "old7", "at": AS_OF - timedelta(days=50)}
    trouble = (
        "SELECT facts.has_parcel_trouble('lab', customer_no, %(at)s) FROM facts.customers WHERE customer_id = %(id)s"
    )
    assert buffers_of(tx, trouble, one) < 500


def buffers_of(tx: Transaction, text: str, values: object) -> int:
    plan = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", values).scalar_one()
    return int(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])
