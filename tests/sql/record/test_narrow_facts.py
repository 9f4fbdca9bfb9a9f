"""Narrow facts: what makes them anew as a whole, whom the lists name, and that a misled planner reads them in order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import AS_OF, SHOP, add_customer, add_order, insert, make_shop, rows
from tests.sql.record.test_narrow_property import advance, open_lab

from touchpoint.db import Database, Transaction
from touchpoint.record import narrow
from touchpoint.statements import load

DAY = timedelta(days=1)
LAB = make_shop()
ALWAYS = {"as_of": AS_OF, "since": "-infinity"}
NARROW = ("paid_orders", "paid_lines", "price_differences", "refunds", "events", "goods")


def changed(tx: Transaction) -> set[str]:
    query = "SELECT customer_id FROM pg_temp.changed_customers INNER JOIN facts.customers USING (customer_no)"
    return {row["customer_id"] for row in rows(tx, query)}


def contents(tx: Transaction) -> dict[str, list[Any]]:
    return {name: sorted(map(str, rows(tx, f"SELECT * FROM record.{name}"))) for name in NARROW}


def filled(tx: Transaction) -> None:
    """Some of everything, every fact with one version, learned in two batches."""
    for number, customer in enumerate(("ann", "ann", "bob"), start=1):
        order = {"paid_at": AS_OF - number * DAY, "batch_id": number, "region": "north"}
        add_order(tx, f"o{number}", customer, AS_OF - 9 * DAY, item={"product_id": "p1", "size": "M"}, **order)
    add_order(tx, "o4", "bob", AS_OF - 9 * DAY, kind="price_difference", paid_at=AS_OF - DAY, batch_id=3)
    at = {"shop_id": SHOP, "modified_at": AS_OF - DAY, "known_at": AS_OF - DAY, "batch_id": 1}
    insert(tx, "facts.products", product_id="p1", series="retro", currency="CNY", **at)
    paid_back = {"refund_id": "r1", "order_id": "o1", "amount_minor": 5, "currency": "CNY"}
    insert(tx, "facts.refunds", happened_at=AS_OF - DAY, **paid_back, **at)
    insert(tx, "facts.reviews", order_id="o3", review_id="w1", score=2, happened_at=AS_OF - DAY, **at)
    parcel = {"shipment_id": "s1", "order_id": "o3", "shipped_at": AS_OF - 8 * DAY, "promised_at": AS_OF - 2 * DAY}
    insert(tx, "facts.shipments", **parcel, **at)


def test_made_as_a_whole_they_are_what_they_became_by_steps(tx: Transaction) -> None:
    filled(tx)
    for batch in (2, 1, 3):
        narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[batch])
    by_steps = contents(tx)
    assert all(by_steps.values())
    tx.connection.exec_driver_sql("UPDATE record.heads SET narrow_zone = NULL")
    assert narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[]) > 0
    assert contents(tx) == by_steps
    assert narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1, 2, 3]) == 0


def test_another_zone_makes_all_days_anew_and_names_everybody(tx: Transaction) -> None:
    midnight = datetime.fromisoformat("2026-03-01T00:30:00+08:00")
    add_order(tx, "o1", "ann", midnight, paid_at=midnight)
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1])
    query = "SELECT date '1970-01-01' + day AS day, hour, month_day FROM record.paid_orders"
    assert [str(value) for value in rows(tx, query)[0].values()] == ["2026-03-01", "0", "1"]
    assert narrow.collect(tx, shop=make_shop(zone="America/Sao_Paulo"), as_of=AS_OF, batch_ids=[]) > 0
    assert [str(value) for value in rows(tx, query)[0].values()] == ["2026-02-28", "13", "28"]
    assert changed(tx) == {"ann"}


def test_a_first_refresh_takes_in_what_came_before_any(tx: Transaction) -> None:
    """A database of before the narrow facts: its head stands, and no batch is new to it."""
    filled(tx)
    insert(tx, "record.heads", shop_id=SHOP, refreshed_as_of=AS_OF, loaded_as_of=AS_OF)
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[])
    assert all(contents(tx).values())
    assert changed(tx) == {"ann", "bob"}
    assert narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[]) == 0
    assert changed(tx) == set()


def test_norms_kept_for_the_first_time_find_the_late_parcels_of_before(tx: Transaction) -> None:
    filled(tx)
    tx.connection.exec_driver_sql("UPDATE facts.shipments SET promised_at = NULL")
    scan = {"shipment_id": "s1", "event_key": "e", "happened_at": AS_OF - 7 * DAY, "state": "in_transit"}
    insert(tx, "facts.tracking_events", shop_id=SHOP, known_at=AS_OF - 7 * DAY, batch_id=1, **scan)
    late = "SELECT kind FROM record.events WHERE kind = 'late_parcel'"
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1])
    assert rows(tx, late) == []
    rules = {"zone": LAB.zone, "days": 3}
    insert(tx, "record.logistics", shop_id=SHOP, kept_as_of=AS_OF, digest="norms", rules=rules)
    assert narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[]) == 1
    assert len(rows(tx, late)) == 1
    assert narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[]) == 0


def test_amounts_and_parts_of_a_piece_are_added_up_as_they_are(tx: Transaction) -> None:
    add_order(tx, "o1", "ann", AS_OF - DAY, paid_at=AS_OF - DAY, item={"product_id": "p1"})
    add_order(tx, "o1b", "ann", AS_OF - DAY, item={"product_id": "p1"})
    tx.connection.exec_driver_sql(
        "UPDATE facts.order_lines SET net_minor = 10000000000000, quantity = 0.35, order_id = 'o1'"
    )
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1])
    assert rows(tx, "SELECT net_minor, quantity FROM record.paid_lines") == [{"net_minor": 2 * 10**13, "quantity": 0.7}]


def test_a_price_difference_takes_the_amounts_a_purchase_takes(tx: Transaction) -> None:
    made = {"kind": "price_difference", "paid_at": AS_OF - DAY, "total_minor": 10**13, "paid_minor": 10**13}
    add_order(tx, "o1", "ann", AS_OF - DAY, **made)
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1])
    assert rows(tx, "SELECT net_minor FROM record.price_differences") == [{"net_minor": 10**13}]


def test_a_product_changed_in_words_alone_touches_nobody(tx: Transaction) -> None:
    filled(tx)
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1, 2, 3])
    advance(tx, AS_OF)
    tx.connection.exec_driver_sql("UPDATE facts.products SET title = 'other', price_minor = 7, batch_id = 4")
    assert narrow.collect(tx, shop=LAB, as_of=AS_OF + DAY, batch_ids=[4]) == 0
    assert changed(tx) == set()
    tx.connection.exec_driver_sql("UPDATE facts.products SET category = 'skirts', batch_id = 5")
    assert narrow.collect(tx, shop=LAB, as_of=AS_OF + DAY, batch_ids=[5]) > 0
    assert changed(tx) == {"ann", "bob"}


def test_leaving_a_window_changes_whom_it_leaves(tx: Transaction) -> None:
    filled(tx)
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1, 2, 3])
    advance(tx, AS_OF)
    narrow.collect(tx, shop=LAB, as_of=AS_OF + DAY, batch_ids=[], windows=[3.5 * DAY])
    assert changed(tx) == {"bob"}, "who paid three days before"
    narrow.collect(tx, shop=LAB, as_of=AS_OF + DAY, batch_ids=[], windows=[30 * DAY])
    assert changed(tx) == set()


def test_scopes_see_everybody_one_customer_or_the_people_of_a_brand(tx: Transaction) -> None:
    filled(tx)
    other = make_shop(id="other")
    add_order(tx, "o9", "bob-there", AS_OF - DAY, shop_id="other", paid_at=AS_OF - DAY)
    tx.connection.exec_driver_sql(
        "UPDATE facts.customers SET identity = bob.identity FROM facts.customers AS bob"
        " WHERE customers.customer_id = 'bob-there' AND bob.customer_id = 'bob'"
    )
    for shop in (LAB, other):
        narrow.collect(tx, shop=shop, as_of=AS_OF, batch_ids=[1, 2, 3])

    def payers(scope: str, shop_id: str = SHOP) -> list[str]:
        statement = load(f"scope/{scope}/purchases")
        text, values = statement.bind({key: {**ALWAYS, "shop_id": shop_id}[key] for key in statement.params})
        query = f"SELECT customer_id FROM ({text}) AS paid INNER JOIN facts.customers USING (customer_no) ORDER BY 1"
        return [row["customer_id"] for row in rows(tx, query, **values)]

    ann, bob = add_customer(tx, "ann"), add_customer(tx, "bob")
    narrow.everybody(tx, SHOP)
    assert payers("changed") == payers("all") == ["ann", "ann", "bob"]
    assert changed(tx) == {"ann", "bob"}
    narrow.only(tx, SHOP, bob)
    assert payers("changed") == ["bob"]
    narrow.only(tx, "other", ann)
    assert payers("changed", "other") == [], "a customer of another shop"
    narrow.brand(tx, [LAB, other])
    assert payers("brand") == ["ann", "ann", "bob", "bob"]
    narrow.brand(tx, [LAB])
    assert payers("brand") == ["ann", "ann", "bob"]


def test_the_plain_reading_can_tell(tx: Transaction) -> None:
    """The reference is no echo: a fact more in the tables than it knows of is found."""
    lab = open_lab(tx)
    scan = {"shipment_id": "s0", "event_key": "e", "state": "in_transit", "happened_at": AS_OF - 9 * DAY}
    order = {"order_id": "o0", "customer": "ann", "created_at": AS_OF - 9 * DAY, "paid_at": AS_OF - 9 * DAY}
    of_order = {"closed_at": None, "finished_at": None, "total_minor": 9, "paid_minor": 9, "item_count": None}
    taken_off = {"discount_minor": None, "coupon_minor": None, "region": None, "device": None}
    parcel = {"shipment_id": "s0", "order_id": "o0", "region": None, "shipped_at": AS_OF - 9 * DAY}
    lab.land([("orders", {**order, **of_order, **taken_off}, 0)], 1, AS_OF)
    lab.land([("shipments", {**parcel, "promised_at": None}, 0), ("tracking_events", scan, 0)], 1, AS_OF)
    lab.collect(AS_OF, [1])
    assert lab.read("events", AS_OF) == list(lab.known.events(AS_OF, AS_OF)) != []
    lab.known.versions.pop()
    assert lab.read("events", AS_OF) != list(lab.known.events(AS_OF, AS_OF))


@pytest.fixture
def many(database: Database) -> Database:
    """4,000 customers with ten paid orders each, and a planner that takes them for 400."""
    with database.transaction() as tx:
        for table in ("orders", "lines"):
            tx.connection.exec_driver_sql(
                f"ALTER TABLE record.paid_{table} ALTER COLUMN customer_no SET (n_distinct = 400)"
            )
        tx.connection.exec_driver_sql(
            "INSERT INTO record.paid_orders (customer_no, paid_at, known_from, known_until, order_key, day, net_minor,"
            " hour, month_day, shop_id, order_id) SELECT mod(n * 7, 4000), at, at, 'infinity', n, n, 5, 1, 1, 'lab', n"
            " FROM (SELECT n, timestamptz '2026-01-01Z' + n * interval '1 minute' AS at"
            " FROM generate_series(1, 40000) AS n) AS made"
        )
        tx.connection.exec_driver_sql(
            "INSERT INTO record.paid_lines (customer_no, paid_at, known_from, known_until, order_key, day, series_no,"
            " quantity, net_minor, shop_id, order_id) SELECT customer_no, paid_at,"
            " known_from, known_until, order_key, day, mod(day, 5), 1, 5, shop_id, order_id"
            " FROM record.paid_orders"
        )
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE record.paid_orders, record.paid_lines")
    return database


def plan(tx: Transaction, scope: str, what: str, group: str) -> str:
    text, values = load(f"scope/{scope}/{what}").bind({"shop_id": SHOP, **ALWAYS, "as_of": "2026-12-01Z"})
    asked = f"EXPLAIN SELECT customer_no, count(*), sum(net_minor) FROM ({text}) AS scope GROUP BY {group}"
    return "\n".join(row[0] for row in tx.connection.exec_driver_sql(asked, values))


@pytest.mark.parametrize(
    ("what", "group", "index"),
    [
        ("purchases", "customer_no", "paid_orders_of_customer"),
        ("purchases", "customer_no, day", "paid_orders_of_customer"),
        ("lines", "customer_no, series_no", "paid_lines_of_customer"),
    ],
)
def test_customers_taken_for_a_tenth_of_them_are_read_in_order(
    many: Database, what: str, group: str, index: str
) -> None:
    with many.transaction() as tx:
        tx.one("features/hold_plan")
        found = plan(tx, "all", what, group)
        assert f"Index Only Scan using {index}" in found
        assert "GroupAggregate" in found
        assert "Hash" not in found
        assert "Sort" not in found, "the index has them in order"
    with many.transaction() as tx:
        tx.connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE changed_customers ON COMMIT DROP AS SELECT generate_series(1, 12)::bigint"
            " AS customer_no"
        )
        tx.do("narrow/index_changed")
        tx.do("narrow/analyse", made="pg_temp.changed_customers")
        found = plan(tx, "changed", what, group)
        assert f"Index Only Scan using {index}" in found
        assert "Seq Scan on paid" not in found


def test_payments_of_declared_history_change_what_was_collected_of_replaced_versions(tx: Transaction) -> None:
    """The order stands paid; its replaced version is made to say so by payments of a later batch alone."""
    add_order(tx, "o1", "ann", AS_OF - 9 * DAY, paid_at=AS_OF - 8 * DAY, batch_id=1, known_at=AS_OF - DAY)
    (old,) = rows(tx, "SELECT * FROM facts.orders")
    insert(
        tx, "facts.orders_history", **{**old, "paid_at": None, "known_at": AS_OF - 9 * DAY},
        known_from=AS_OF - 9 * DAY, known_until=AS_OF - DAY,
    )  # fmt: skip
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[1])
    insert(
        tx, "facts.payments", shop_id=SHOP, payment_id="b1", order_id="o1", kind="card", amount_minor=5,
        currency="CNY", state="succeeded", happened_at=AS_OF - 8 * DAY, known_at=AS_OF - 8 * DAY,
        modified_at=AS_OF - 8 * DAY, batch_id=2,
    )  # fmt: skip
    tx.connection.exec_driver_sql("UPDATE facts.orders_history SET paid_at = %(at)s", {"at": AS_OF - 8 * DAY})
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[2])
    by_steps = contents(tx)
    tx.connection.exec_driver_sql("UPDATE record.heads SET narrow_zone = NULL")
    narrow.collect(tx, shop=LAB, as_of=AS_OF, batch_ids=[])
    assert by_steps == contents(tx)
    (first,) = rows(tx, "SELECT min(known_from) AS known_from FROM record.paid_orders")
    assert first["known_from"] == AS_OF - 9 * DAY
