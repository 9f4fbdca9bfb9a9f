"""The audience of the unpaid reminder, case by case (unpaid_reminder.yaml), and what it costs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_order,
    cover,
    insert,
    make_campaign,
    make_run,
    make_segments,
    make_shop,
    rows,
    scratched,
    undone,
)

from touchpoint import statements
from touchpoint.db import Transaction
from touchpoint.decide import audience

CASES = yaml.safe_load((Path(__file__).parent / "unpaid_reminder.yaml").read_text())
INSTANTS = ("created_at", "paid_at", "closes_at", "closed_at", "known_at", "known_from", "known_until")


def at(relative: str) -> datetime:
    """`-45m` as an instant relative to the audience's."""
    found = re.fullmatch(r"(-?\d+)([smh])", relative)
    assert found, relative
    unit = {"s": "seconds", "m": "minutes", "h": "hours"}[found[2]]
    return AS_OF + timedelta(**{unit: int(found[1])})


def typed(order: dict[str, Any]) -> dict[str, Any]:
    renamed = {{"id": "order_id", "made": "created_at", "buyer": "customer_id"}.get(k, k): v for k, v in order.items()}
    renamed.setdefault("customer_id", "b")
    return {key: at(value) if key in INSTANTS else value for key, value in renamed.items()}


def add_replaced(tx: Transaction, version: dict[str, Any]) -> None:
    """A replaced version beside the current order of the same id."""
    order = typed(version)
    order["customer_no"] = rows(
        tx, "SELECT customer_no FROM facts.customers WHERE customer_id = %(c)s", c=order.pop("customer_id")
    )[0]["customer_no"]
    plain = {"source": "default", "kind": "normal", "payment_state": "none", "total_minor": 1000, "currency": "CNY"}
    stamps = {"shop_id": SHOP, "modified_at": order["created_at"], "known_at": order["known_from"], "batch_id": 1}
    insert(tx, "facts.orders_history", **plain, **stamps, **order)


def given(tx: Transaction, case: dict[str, Any]) -> None:
    for order in case["orders"]:
        add_order(tx, **typed(order))
    for version in case.get("history", []):
        add_replaced(tx, version)
    for covered in case.get("covers", []):
        released = covered.get("released")
        cover(tx, covered["id"], covered_as_of=at(covered["at"]), released_as_of=at(released) if released else None)


def ask(tx: Transaction, offer: str = "none") -> audience.Audience:
    run = make_run(tx)
    campaign = make_campaign()
    parameters = {**campaign.audience.parameters, "offer": offer}
    campaign = make_campaign(audience={"statement": "unpaid_reminder", "parameters": parameters})
    relation = scratched(tx, AS_OF, run.run_no)
    return audience.ask(tx, run=run, shop=make_shop(), campaign=campaign, relation=relation, segments=make_segments())


@pytest.fixture(scope="module")
def shared(server: Any) -> Any:
    """One database for all cases: each works in a transaction that is undone."""
    from touchpoint.db import Database

    server.create_database("test_unpaid_audience", template="template_touchpoint")
    database = Database(server.url("test_unpaid_audience"))
    yield database
    database.close()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_unpaid_reminder(shared: Any, case: dict[str, Any]) -> None:
    found: list[dict[str, Any]] = []
    with undone(shared) as tx:
        given(tx, case)
        for candidate, expected in zip(
            ask(tx, case.get("offer", "none")).candidates, case["expect"] or [{}], strict=False
        ):
            row = {key: getattr(candidate, key) for key in expected}
            found.append({key: list(value) if isinstance(value, tuple) else value for key, value in row.items()})
        count = ask(tx, case.get("offer", "none")).candidate_count
    wanted = [
        {key: at(value) if key in ("not_before", "not_after") else value for key, value in line.items()}
        for line in case["expect"]
    ]
    assert (found if case["expect"] else [], count) == (wanted, len(wanted))


def test_there_are_cases_enough_to_trust_the_list() -> None:
    assert len(CASES) >= 40


def test_asking_twice_gives_the_same_hash_and_another_order_another(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - timedelta(hours=1))
    first, again = ask(tx).audience_hash, ask(tx).audience_hash
    add_order(tx, "B", "c", AS_OF - timedelta(hours=1))
    assert (first == again, first == ask(tx).audience_hash) == (True, False)


OLD_ORDERS = (
    """
    INSERT INTO facts.customers (shop_id, customer_id, identity, identity_from, known_at)
    SELECT 'lab', 'old' || n, gen_random_uuid(), 'buyer', '2020-01-01Z' FROM generate_series(1, %(n)s / 5) n
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, paid_at, payment_state, total_minor, currency,
        modified_at, known_at, batch_id)
    SELECT 'lab', 'o' || n, 1 + n %% 1000, made, made + '1 min', 'paid', 100, 'CNY', made, made, 1
    FROM (
        SELECT n, %(at)s::timestamptz - '31 days'::interval - n * ('900 days'::interval / %(n)s) AS made
        FROM generate_series(1, %(n)s) n
    ) o
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO facts.order_lines (shop_id, order_id, line_id, product_id, quantity, net_minor, currency, modified_at,
        known_at, batch_id)
    SELECT 'lab', order_id, '1', 'p', 1, 100, 'CNY', known_at, known_at, 1 FROM facts.orders
    ON CONFLICT DO NOTHING
    """,
)


def grow(tx: Transaction, old_orders: int) -> None:
    """That many orders paid over the three years before the window, and their buyers."""
    for text in OLD_ORDERS:
        tx.connection.exec_driver_sql(text, {"n": old_orders, "at": AS_OF})
    tx.connection.exec_driver_sql("ANALYZE")


def plan_of_audience(tx: Transaction) -> tuple[int, str]:
    """Buffers the audience touches, and its plan as text."""
    run, campaign = make_run(tx), make_campaign()
    available = audience.available(
        run=run, shop=make_shop(), campaign=campaign, relation="record.customer_features", segments=make_segments()
    )
    statement = statements.load("audiences/unpaid_reminder")
    text, values = statement.bind({key: available[key] for key in statement.params})
    plan = tx.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", values).scalar_one()
    top = plan[0]["Plan"]
    return top["Shared Hit Blocks"] + top["Shared Read Blocks"], str(plan)


def test_the_cost_does_not_grow_with_the_orders_of_the_past(tx: Transaction) -> None:
    for number in range(200):
        made = AS_OF - timedelta(minutes=5 * number)
        add_order(tx, f"open{number}", f"b{number}", made, item={"product_id": f"q{number % 50}"})
    grow(tx, 5_000)
    small, _ = plan_of_audience(tx)
    grow(tx, 50_000)
    large, plan = plan_of_audience(tx)
    assert "orders_created" in plan
    assert large <= small * 1.5 + 200  # ten times the orders; index levels may grow by one


def test_the_as_of_functions_are_put_into_the_statement_that_calls_them(tx: Transaction) -> None:
    _, plan = plan_of_audience(tx)
    assert "Function Scan" not in plan
