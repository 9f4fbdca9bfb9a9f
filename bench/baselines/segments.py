"""What a refresh of all segments is measured beside: SQL as first written, and DuckDB reading Parquet exports.

By the rules of config/segments.yaml. DuckDB does what the measured side does: a table of features, the bounds they
make, every customer labelled and counted. SQL as first written makes one table of features and labels.
"""

from __future__ import annotations

from datetime import datetime
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

from touchpoint.db import Transaction
from touchpoint.record.rfm import shares_of
from touchpoint.settings import Segments

COLUMNS = (
    "customer_no, first_paid_at, last_paid_at, order_count, paid_minor, refund_count, refund_minor, net_minor,"
    " r_score, f_score, m_score, rfm_group, value_tier, stage"
)
EXPORTS = {
    "orders": "SELECT order_id, customer_no, source, kind, payment_state, created_at, paid_at, closes_at, shipped_at,"
    " total_minor, paid_minor, currency, item_count, region FROM facts.orders",
    "refunds": "SELECT refund_id, order_id, customer_no, amount_minor, state, happened_at FROM facts.refunds",
}

_NAIVE = """
CREATE UNLOGGED TABLE naive AS
WITH paid AS (
    SELECT * FROM facts.orders WHERE shop_id = 'bench' AND paid_at <= %(as_of)s
),
totals AS (
    SELECT
        customer_no,
        min(paid_at) AS first_paid_at,
        count(*) AS order_count,
        sum(coalesce(paid_minor, total_minor)::numeric) AS paid_minor
    FROM paid
    GROUP BY customer_no
),
last_orders AS (
    SELECT DISTINCT ON (customer_no) customer_no, paid_at AS last_paid_at
    FROM paid
    ORDER BY customer_no, paid_at DESC
),
given_back AS (
    SELECT customer_no, count(*) AS refund_count, sum(amount_minor::numeric) AS refund_minor
    FROM facts.refunds
    WHERE shop_id = 'bench' AND state = 'succeeded' AND happened_at <= %(as_of)s
    GROUP BY customer_no
),
features AS (
    SELECT
        totals.*,
        last_orders.last_paid_at,
        coalesce(given_back.refund_count, 0) AS refund_count,
        coalesce(given_back.refund_minor, 0) AS refund_minor,
        totals.paid_minor - coalesce(given_back.refund_minor, 0) AS net_minor
    FROM totals
    INNER JOIN last_orders USING (customer_no)
    LEFT JOIN given_back USING (customer_no)
),
scored AS (
    SELECT
        *,
        ntile(5) OVER (ORDER BY last_paid_at) AS r_score,
        ntile(5) OVER (ORDER BY order_count) AS f_score,
        ntile(5) OVER (ORDER BY net_minor) AS m_score,
        percent_rank() OVER (ORDER BY net_minor) AS share
    FROM features
)
SELECT
    scored.*,
    groups.rfm_group,
    CASE WHEN share < {q[0]} THEN '{t[0]}' WHEN share < {q[1]} THEN '{t[1]}' WHEN share < {q[2]} THEN '{t[2]}'
        ELSE '{t[3]}' END AS value_tier,
    {stage} AS stage
FROM scored
INNER JOIN (VALUES {cells}) AS groups (r_score, f_score, m_score, rfm_group) USING (r_score, f_score, m_score)
"""

_FEATURES = """
CREATE OR REPLACE TABLE features AS
WITH paid AS (
    SELECT
        customer_no,
        min(paid_at) AS first_paid_at,
        max(paid_at) AS last_paid_at,
        count(*) AS order_count,
        sum(coalesce(paid_minor, total_minor))::BIGINT AS paid_minor
    FROM read_parquet('{folder}/orders.parquet')
    WHERE paid_at <= TIMESTAMPTZ '{as_of}'
    GROUP BY customer_no
),
refunded AS (
    SELECT customer_no, count(*) AS refund_count, sum(amount_minor)::BIGINT AS refund_minor
    FROM read_parquet('{folder}/refunds.parquet')
    WHERE state = 'succeeded' AND happened_at <= TIMESTAMPTZ '{as_of}'
    GROUP BY customer_no
)
SELECT
    paid.*,
    coalesce(refund_count, 0) AS refund_count,
    coalesce(refund_minor, 0) AS refund_minor,
    paid_minor - coalesce(refund_minor, 0) AS net_minor
FROM paid
LEFT JOIN refunded USING (customer_no)
"""
_LABELLED = """
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
        features.*,
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
    * EXCLUDE (tier),
    {cells}[25 * r_score + 5 * f_score + m_score - 30] AS rfm_group,
    {tiers}[tier] AS value_tier,
    {stage} AS stage
FROM scored
"""
_COUNTED = """
SELECT rfm_group, value_tier, stage, count(*), sum(order_count), sum(net_minor)
FROM ({labelled}) GROUP BY GROUPING SETS ((rfm_group), (value_tier), (stage))
"""


def naive(tx: Transaction, as_of: datetime, rules: Segments) -> float:
    """Seconds of the refresh as first written: CTEs, DISTINCT ON, windows, numeric sums, PostgreSQL's own work_mem."""
    cells = zip(product(range(1, 6), repeat=3), rules.rfm.cells(), strict=True)
    text = _NAIVE.format(
        q=rules.value_tiers.quantiles,
        t=rules.value_tiers.names,
        stage=_stage(rules, "%(as_of)s::timestamptz"),
        cells=", ".join(f"({r}, {f}, {m}, '{name}')" for (r, f, m), name in cells),
    )
    tx.connection.exec_driver_sql("DROP TABLE IF EXISTS naive")
    tx.connection.exec_driver_sql("SET LOCAL work_mem = '4MB'")
    started = perf_counter()
    tx.connection.exec_driver_sql(text, {"as_of": as_of})
    spent = perf_counter() - started
    tx.connection.exec_driver_sql("RESET work_mem")
    return spent


class DuckDB:
    """DuckDB in a process of its own for each refresh, as a task would run it; all cores."""

    def __init__(self, folder: Path, as_of: datetime, rules: Segments) -> None:
        self.folder = folder
        self.features = _FEATURES.format(folder=folder, as_of=as_of.isoformat())
        self.labelled = _LABELLED.format(
            fifths=shares_of((0.2, 0.4, 0.6, 0.8)),
            quantiles=shares_of(rules.value_tiers.quantiles),
            cells=rules.rfm.cells(),
            tiers=rules.value_tiers.names,
            stage=_stage(rules, f"TIMESTAMPTZ '{as_of.isoformat()}'"),
        )

    def export(self, url: str) -> None:
        """The wide facts as Parquet: what would be exported before each refresh, and is not counted."""
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq
        from sqlalchemy import create_engine

        for name, query in EXPORTS.items():
            writer: Any = None
            with create_engine(url).connect().execution_options(stream_results=True) as connection:
                for frame in pd.read_sql_query(query, connection, chunksize=200_000):
                    for column in [column for column in frame.columns if column.endswith("_at")]:
                        frame[column] = pd.to_datetime(frame[column], utc=True).astype("datetime64[us, UTC]")
                    whole = {name: "Int64" for name in ("paid_minor",) if name in frame}
                    table = pa.Table.from_pandas(frame.astype(whole), preserve_index=False)
                    writer = writer or pq.ParquetWriter(self.folder / f"{name}.parquet", table.schema)
                    writer.write_table(table.cast(writer.schema))
            writer.close()

    def refresh(self) -> tuple[float, float, int]:
        """Seconds of a refresh with the import of duckdb, and of its queries alone, and peak memory in MB.

        The result lies beside the exports as CSV.
        """
        import resource

        begun = perf_counter()
        import duckdb

        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            started = perf_counter()
            connection.execute(self.features)
            connection.execute(_COUNTED.format(labelled=self.labelled)).fetchall()
            ended = perf_counter()
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            result = f"SELECT {COLUMNS} FROM ({self.labelled})"
            connection.execute(f"COPY ({result}) TO '{self.folder}/labelled.csv' (HEADER false)")
        return ended - begun, ended - started, memory


def _stage(rules: Segments, at: str) -> str:
    silences = "".join(
        f" WHEN {at} - last_paid_at >= INTERVAL '{int(after.total_seconds())} seconds' THEN '{stage}'"
        for stage, after in (
            ("lost", rules.lost_after),
            ("dormant", rules.dormant_after),
            ("drifting", rules.drifting_after),
        )
    )
    return (
        f"CASE{silences} WHEN order_count >= {rules.loyal_orders} THEN 'loyal'"
        f" WHEN order_count >= {rules.second_time_orders} THEN 'second_time' ELSE 'new' END"
    )
