"""The customer record as DuckDB would make it from Parquet exports of the wide facts: features, series bought, every
tag and every segment, by the same rules; in a process of its own, two threads.

Purchases, lines and events are made once and kept as tables; the rest is DuckDB as one would write it (arg_max,
quantile_disc, GROUP BY ALL). Only the versions known now are exported: there is nothing to look up in histories.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.baselines.tags import TAGS
from touchpoint.record.rfm import shares_of
from touchpoint.settings import Segments, Tag

EXPORTS: dict[str, str] = {
    "facts.orders": "order_id VARCHAR, customer_no BIGINT, source VARCHAR, kind VARCHAR, payment_state VARCHAR,"
    " created_at TIMESTAMPTZ, paid_at TIMESTAMPTZ, closes_at TIMESTAMPTZ, shipped_at TIMESTAMPTZ, total_minor BIGINT,"
    " paid_minor BIGINT, currency VARCHAR, item_count INTEGER, region VARCHAR, device VARCHAR, discount_minor BIGINT,"
    " coupon_minor BIGINT",
    "facts.order_lines": "order_id VARCHAR, line_id VARCHAR, product_id VARCHAR, kind VARCHAR, quantity INTEGER,"
    " price_minor BIGINT, net_minor BIGINT, size VARCHAR",
    "facts.products": "product_id VARCHAR, series VARCHAR, category VARCHAR, size VARCHAR, listed_at TIMESTAMPTZ",
    "facts.refunds": "refund_id VARCHAR, order_id VARCHAR, customer_no BIGINT, amount_minor BIGINT, state VARCHAR,"
    " happened_at TIMESTAMPTZ",
    "facts.reviews": "order_id VARCHAR, score INTEGER, happened_at TIMESTAMPTZ",
    "facts.shipments": "shipment_id VARCHAR, order_id VARCHAR, shipped_at TIMESTAMPTZ, promised_at TIMESTAMPTZ",
    "facts.tracking_events": "shipment_id VARCHAR, state VARCHAR, happened_at TIMESTAMPTZ",
    "facts.visits": "customer_no BIGINT, seconds INTEGER, happened_at TIMESTAMPTZ",
    "facts.inquiries": "customer_no BIGINT, order_id VARCHAR, kind VARCHAR, happened_at TIMESTAMPTZ",
    "contact.people": "customer_id VARCHAR, birthday DATE, gender VARCHAR",
    "facts.customers": "customer_no BIGINT, customer_id VARCHAR",
}
"""Tables of the wide facts, and the columns exported of each."""
_PREPARED = (
    """
CREATE TABLE purchases AS
SELECT
    order_id, customer_no, paid_at,
    date_diff('day', DATE '1970-01-01', (paid_at AT TIME ZONE '{zone}')::DATE)::INT AS day,
    hour(paid_at AT TIME ZONE '{zone}') AS hour,
    day(paid_at AT TIME ZONE '{zone}') AS month_day,
    coalesce(paid_minor, total_minor)::INT AS net_minor,
    item_count, discount_minor, coupon_minor, region, device
FROM orders
WHERE paid_at <= {as_of} AND kind <> 'price_difference'
""",
    """
CREATE TABLE lines AS
SELECT
    customer_no, order_id, paid_at, day,
    products.series, products.category, coalesce(nullif(order_lines.size, ''), products.size) AS size,
    order_lines.net_minor < price_minor * quantity AS is_discounted,
    CASE WHEN paid_at >= listed_at THEN paid_at < listed_at + INTERVAL 30 DAY END AS is_new,
    sum(quantity) AS quantity,
    sum(order_lines.net_minor) AS net_minor
FROM order_lines
INNER JOIN purchases USING (order_id)
LEFT JOIN products USING (product_id)
WHERE order_lines.kind = 'goods'
GROUP BY ALL
""",
    """
CREATE TABLE events AS
SELECT customer_no, 'review' AS kind, reviews.happened_at, score AS amount
FROM reviews INNER JOIN orders USING (order_id)
WHERE reviews.happened_at <= {as_of}
UNION ALL
SELECT customer_no, kind, happened_at, NULL FROM inquiries WHERE happened_at <= {as_of}
UNION ALL
SELECT customer_no, 'visit', happened_at, seconds FROM visits WHERE happened_at <= {as_of}
UNION ALL
SELECT
    customer_no, 'late_parcel', promised_at,
    date_diff('day', (promised_at AT TIME ZONE '{zone}' - INTERVAL 1 MICROSECOND)::DATE,
        (over_at AT TIME ZONE '{zone}')::DATE)
FROM (
    SELECT orders.customer_no, promised_at, least(ends.at, given_back.at) AS over_at
    FROM shipments
    INNER JOIN orders USING (order_id)
    LEFT JOIN (
        SELECT shipment_id, min(happened_at) AS at FROM tracking_events
        WHERE state IN ('delivered', 'returned', 'cancelled') AND happened_at <= {as_of} GROUP BY ALL
    ) AS ends USING (shipment_id)
    LEFT JOIN (
        SELECT order_id, min(happened_at) AS at FROM refunds
        WHERE state = 'succeeded' AND happened_at <= {as_of} GROUP BY ALL
    ) AS given_back USING (order_id)
)
WHERE promised_at <= {as_of} AND (over_at IS NULL OR over_at >= promised_at)
""",
    """
CREATE TABLE members AS
SELECT customer_no, birthday, gender FROM people INNER JOIN customers USING (customer_id)
WHERE birthday IS NOT NULL OR gender IS NOT NULL
""",
    """
CREATE TABLE features AS
WITH bought AS (
    SELECT
        customer_no,
        min(paid_at) AS first_paid_at,
        max(paid_at) AS last_paid_at,
        count(*) AS order_count,
        sum(net_minor)::BIGINT AS paid_minor,
        count(DISTINCT day) AS purchase_days,
        min(day) AS first_day,
        max(day) AS last_day,
        sum(item_count)::BIGINT AS item_count,
        count(item_count) AS item_orders,
        sum(net_minor) FILTER (WHERE item_count IS NOT NULL)::BIGINT AS item_paid_minor,
        sum((discount_minor > 0)::INT)::BIGINT AS discount_count,
        sum(discount_minor)::BIGINT AS discount_minor,
        sum((coupon_minor > 0)::INT)::BIGINT AS coupon_count,
        sum(coupon_minor)::BIGINT AS coupon_minor
    FROM purchases
    GROUP BY customer_no
),
added AS (
    SELECT customer_no, sum(coalesce(paid_minor, total_minor))::BIGINT AS added_minor
    FROM orders
    WHERE paid_at <= {as_of} AND kind = 'price_difference'
    GROUP BY customer_no
),
refunded AS (
    SELECT customer_no, count(*) AS refund_count, sum(amount_minor)::BIGINT AS refund_minor
    FROM refunds
    WHERE state = 'succeeded' AND happened_at <= {as_of}
    GROUP BY customer_no
)
SELECT
    bought.* REPLACE (bought.paid_minor + coalesce(added_minor, 0) AS paid_minor),
    coalesce(refund_count, 0) AS refund_count,
    coalesce(refund_minor, 0) AS refund_minor,
    bought.paid_minor + coalesce(added_minor, 0) - coalesce(refund_minor, 0) AS net_minor
FROM bought
LEFT JOIN added USING (customer_no)
LEFT JOIN refunded USING (customer_no)
""",
    """
CREATE TABLE series AS
SELECT
    customer_no, series, count(DISTINCT order_id) AS order_count, sum(net_minor)::BIGINT AS net_minor,
    max(paid_at) AS last_paid_at
FROM lines
WHERE series IS NOT NULL
GROUP BY ALL
""",
    """
CREATE MACRO wilson_low(evidence, out_of) AS greatest((
    evidence + 1.9207294103470627 - 1.959963984540054 * sqrt(
        evidence::DOUBLE * (out_of - evidence) / out_of + 0.9603647051735313
    )
) / (out_of + 3.8414588206941254), 0)
""",
    """
CREATE TABLE tags (
    tag VARCHAR, customer_no BIGINT, value VARCHAR, number DOUBLE, evidence BIGINT, out_of BIGINT, confidence FLOAT
)
""",
)
_STANDING = """
CREATE TABLE standing AS
WITH bounds AS (
    SELECT
        quantile_disc(last_paid_at, {fifths}) AS r,
        quantile_disc(order_count, {fifths}) AS f,
        quantile_disc(net_minor, {fifths}) AS m,
        quantile_disc(net_minor, {quantiles}) AS t
    FROM features
),
scored AS (
    SELECT
        customer_no,
        last_paid_at,
        order_count,
        {as_of} - last_paid_at AS silence,
        last_paid_at + INTERVAL '{dormant} seconds' AS dormant_from,
        1 + (last_paid_at > r[1])::INT + (last_paid_at > r[2])::INT + (last_paid_at > r[3])::INT
            + (last_paid_at > r[4])::INT AS r_score,
        1 + (order_count > f[1])::INT + (order_count > f[2])::INT + (order_count > f[3])::INT
            + (order_count > f[4])::INT AS f_score,
        1 + (net_minor > m[1])::INT + (net_minor > m[2])::INT + (net_minor > m[3])::INT
            + (net_minor > m[4])::INT AS m_score,
        1 + (net_minor > t[1])::INT + (net_minor > t[2])::INT + (net_minor > t[3])::INT AS tier
    FROM features, bounds
)
SELECT
    scored.customer_no, r_score, f_score, m_score,
    {cells}[25 * r_score + 5 * f_score + m_score - 30] AS rfm_group,
    {tiers}[tier] AS value_tier,
    CASE WHEN silence >= INTERVAL '{lost} seconds' THEN 'lost'
        WHEN silence >= INTERVAL '{silent} seconds' THEN 'dormant'
        WHEN silence >= INTERVAL '{drifting} seconds' THEN 'drifting' WHEN order_count >= {loyal} THEN 'loyal'
        WHEN order_count >= {second} THEN 'second_time' ELSE 'new' END AS stage,
    CASE WHEN dormant_from <= {as_of} THEN 'dormant' ELSE 'awake' END AS dormancy,
    CASE WHEN dormant_from <= {as_of} THEN causes.value END AS cause,
    dormant_from,
    least(
        CASE WHEN silence < INTERVAL '{drifting} seconds' THEN last_paid_at + INTERVAL '{drifting} seconds'
            WHEN silence < INTERVAL '{silent} seconds' THEN last_paid_at + INTERVAL '{silent} seconds'
            WHEN silence < INTERVAL '{lost} seconds' THEN last_paid_at + INTERVAL '{lost} seconds' END,
        CASE WHEN dormant_from > {as_of} THEN dormant_from END
    ) AS next_change_at
FROM scored
LEFT JOIN tags AS causes ON scored.customer_no = causes.customer_no AND causes.tag = 'leaving_cause'
"""
_COUNTED = """
SELECT rfm_group, value_tier, stage, dormancy, cause, count(*), sum(order_count), sum(net_minor)
FROM standing INNER JOIN features USING (customer_no)
GROUP BY GROUPING SETS ((rfm_group), (value_tier), (stage), (dormancy), (cause))
"""
COMPARED = {
    "features": "customer_no, first_paid_at, last_paid_at, order_count, paid_minor, refund_count, refund_minor,"
    " net_minor, purchase_days, first_day, last_day, item_count, item_orders, item_paid_minor, discount_count,"
    " discount_minor, coupon_count, coupon_minor",
    "series": "customer_no, series, order_count, net_minor, last_paid_at",
    "tags": "tag, customer_no, value, number, evidence, out_of, confidence",
    "standing": "customer_no, r_score, f_score, m_score, rfm_group, value_tier, stage, dormancy, cause, dormant_from,"
    " next_change_at",
}
"""Tables of the record, and the columns both sides must agree on."""
_ROUNDED = {
    # Both divide as binary fractions do; averages of instants are decimal on one side alone.
    "tags": "tag, customer_no, value, round(number, 6) AS number, evidence, out_of, round(confidence, 4) AS confidence"
}


class DuckDB:
    """DuckDB in a process of its own for each refresh, as a task would run it."""

    def __init__(self, folder: Path, as_of: datetime, zone: str, rules: Segments, tags: tuple[Tag, ...]) -> None:
        self.folder = folder
        given = {"as_of": f"TIMESTAMPTZ '{as_of.isoformat()}'", "zone": zone}
        self.prepared = [text.format(**given) for text in _PREPARED]
        self.tags = [
            f"INSERT INTO tags SELECT '{tag.name}', * FROM ({TAGS[tag.name](tag.rules, **given)})" for tag in tags
        ]
        self.standing = _STANDING.format(
            **given,
            fifths=shares_of((0.2, 0.4, 0.6, 0.8)),
            quantiles=shares_of(rules.value_tiers.quantiles),
            cells=rules.rfm.cells(),
            tiers=rules.value_tiers.names,
            loyal=rules.loyal_orders,
            second=rules.second_time_orders,
            lost=rules.lost_after.total_seconds(),
            silent=rules.dormant_after.total_seconds(),
            drifting=rules.drifting_after.total_seconds(),
            dormant=rules.dormancy.fixed_after.total_seconds(),
        )

    def convert(self) -> None:
        """The exports as Parquet: what would be exported before each refresh, and is not counted."""
        with self._connection() as connection:
            for table, columns in EXPORTS.items():
                path = self.folder / table.partition(".")[2]
                text = f"SELECT * FROM read_csv('{path}.csv', header = false, columns = {_columns(columns)})"
                connection.execute(f"COPY ({text}) TO '{path}.parquet' (FORMAT parquet)")
                path.with_suffix(".csv").unlink()

    def refresh(self) -> tuple[float, float, int]:
        """Seconds of a refresh with the import of duckdb, and of its queries alone, and peak memory in MB.

        The result lies beside the exports.
        """
        import resource

        begun = perf_counter()
        with self._connection() as connection:
            started = perf_counter()
            for table in EXPORTS:
                name = table.partition(".")[2]
                connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{self.folder}/{name}.parquet')")
            for text in (*self.prepared, *self.tags, self.standing):
                connection.execute(text)
            connection.execute(_COUNTED).fetchall()
            ended = perf_counter()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            for table, columns in COMPARED.items():
                result = f"SELECT {_ROUNDED.get(table, columns)} FROM {table}"
                connection.execute(f"COPY ({result}) TO '{self.folder}/theirs_{table}.parquet' (FORMAT parquet)")
        return ended - begun, ended - started, memory

    def compare(self, table: str) -> tuple[int, int, int]:
        """Rows of ours_<table>.csv that are not among theirs, rows of theirs that are not among ours, and of ours."""
        columns, theirs = COMPARED[table], f"'{self.folder}/theirs_{table}.parquet'"
        rounded = _ROUNDED.get(table, columns)
        with self._connection() as connection:
            connection.execute(f"CREATE TABLE ours AS SELECT {columns} FROM {theirs} LIMIT 0")
            kinds = connection.execute("SELECT column_name || ' ' || column_type FROM (DESCRIBE ours)").fetchall()
            file = f"read_csv('{self.folder}/ours_{table}.csv', header = false, columns = {{}})"
            file = file.format(_columns(", ".join(kind for (kind,) in kinds)))
            connection.execute(f"INSERT INTO ours SELECT {rounded} FROM {file}")
            counts: Any = connection.execute(
                f"SELECT (SELECT count(*) FROM (FROM ours EXCEPT ALL FROM {theirs})),"
                f" (SELECT count(*) FROM (FROM {theirs} EXCEPT ALL FROM ours)), (SELECT count(*) FROM ours)"
            ).fetchone()
        return counts  # type: ignore[no-any-return]

    def _connection(self) -> Any:
        import duckdb

        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET threads = 2")
        connection.execute("SET enable_progress_bar = false")
        return connection


def _columns(declared: str) -> str:
    """Names and types as read_csv takes them."""
    pairs = (column.split(" ", 1) for column in declared.split(", "))
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in pairs) + "}"
