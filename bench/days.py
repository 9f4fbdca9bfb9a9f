"""A day in the life of the shop of long_histories: who buys, whose orders go on.

And whether the record stored day by day is what a full refresh makes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bench import agree
from touchpoint.db import Transaction
from touchpoint.record.segments import Everybody

# Those who bought within 60 days are heavier than most, as a day's buyers are.
_BUYERS = """
CREATE TEMPORARY TABLE buyers ON COMMIT DROP AS
SELECT customer_no, max(order_id) AS order_id, %(as_of)s - random() * interval '1 day' AS bought_at
FROM facts.orders
WHERE shop_id = 'bench' AND created_at > %(as_of)s - %(bought_within)s AND paid_at IS NOT NULL
GROUP BY customer_no
ORDER BY md5(customer_no || '-' || %(batch_id)s)
LIMIT %(buyers)s
"""
_DAY = (
    """
INSERT INTO facts.orders (
    shop_id, order_id, customer_no, source, created_at, paid_at, closes_at, total_minor, paid_minor, currency,
    item_count, region, city, modified_at, known_at, batch_id, device, discount_minor, coupon_minor
)
SELECT
    shop_id, 'd' || %(batch_id)s || '-' || customer_no, customer_no, source, bought_at, bought_at, bought_at,
    total_minor, paid_minor, currency, item_count, region, city, bought_at, %(as_of)s, %(batch_id)s, device,
    discount_minor, coupon_minor
FROM facts.orders
INNER JOIN buyers USING (customer_no, order_id)
""",
    """
INSERT INTO facts.order_lines (
    shop_id, order_id, line_id, product_id, title, quantity, price_minor, net_minor, currency, modified_at, known_at,
    batch_id, size
)
SELECT
    shop_id, 'd' || %(batch_id)s || '-' || customer_no, line_id, product_id, title, quantity, price_minor, net_minor,
    currency, bought_at, %(as_of)s, %(batch_id)s, size
FROM facts.order_lines
INNER JOIN buyers USING (order_id)
""",
    # The order before this one is over, for one in five; and one in 25 sends it back.
    """
INSERT INTO facts.orders_history ({columns}, known_from, known_until)
SELECT {columns}, known_at, %(as_of)s
FROM facts.orders
WHERE shop_id = 'bench' AND order_id IN (SELECT order_id FROM buyers WHERE mod(customer_no, 5) = 0)
""",
    """
UPDATE facts.orders SET finished_at = buyers.bought_at, known_at = %(as_of)s, batch_id = %(batch_id)s
FROM buyers
WHERE orders.shop_id = 'bench' AND orders.order_id = buyers.order_id AND mod(buyers.customer_no, 5) = 0
""",
    """
INSERT INTO facts.refunds (
    shop_id, refund_id, order_id, amount_minor, currency, happened_at, modified_at, known_at, batch_id, customer_no
)
SELECT
    shop_id, 'd' || %(batch_id)s || '-' || order_id, order_id, total_minor, currency, bought_at, bought_at,
    %(as_of)s, %(batch_id)s, customer_no
FROM facts.orders
INNER JOIN buyers USING (customer_no, order_id)
WHERE mod(customer_no, 25) = 0
""",
)
_COLUMNS = {
    "features": (
        "customer_no, first_paid_at, last_paid_at, order_count, paid_minor, refund_count, refund_minor, net_minor,"
        " purchase_days, first_day, last_day, item_count, discount_count, discount_minor, coupon_count, coupon_minor"
    ),
    "series": "customer_no, series, order_count, net_minor, last_paid_at",
    "tags": "tag, customer_no, value, number, evidence, out_of, confidence",
    "segments": (
        "customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,"
        " next_change_at"
    ),
}


def buy(tx: Transaction, *, as_of: datetime, batch_id: int, buyers: int, bought_within: timedelta) -> None:
    """Put a day's facts, ending at `as_of`, into the shop as one batch: as many buyers, of those who bought lately."""
    given = {"as_of": as_of, "batch_id": batch_id, "buyers": buyers, "bought_within": bought_within}
    run = tx.connection.exec_driver_sql
    columns = run(
        "SELECT string_agg(column_name, ', ') FROM information_schema.columns"
        " WHERE table_schema = 'facts' AND table_name = 'orders'"
    ).scalar()
    for text in (_BUYERS, *_DAY):
        run(text.replace("{columns}", str(columns)), given)


def stored_and_made(tx: Transaction, made: Everybody) -> None:
    """Hold the stored record against one made anew as of the same instant, row by row.

    Raises:
        ValueError: they differ.
    """
    for what, columns in _COLUMNS.items():
        stored, anew = f"record.customer_{what}", made.standing if what == "segments" else getattr(made, what)
        one, other = f"SELECT {columns} FROM {stored}", f"SELECT {columns} FROM {anew}"
        text = (
            f"SELECT (SELECT count(*) FROM ({one} EXCEPT ALL {other}) AS extra),"
            f" (SELECT count(*) FROM ({other} EXCEPT ALL {one}) AS missing)"
        )
        found = tuple(tx.connection.exec_driver_sql(text).one())
        agree(f"stored {what} beside a full refresh: extra and missing rows", found, (0, 0))
