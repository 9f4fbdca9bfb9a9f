"""Made-up orders for the landing bench: a function of size and seed, as the CSV a shop would export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

FIRST_DAY = np.datetime64("2025-11-01T00:00:00")


def orders(rows: int, *, seed: int = 1, version: int = 0) -> pa.Table:
    """Orders of a year, 10 a customer, numbered as platforms do: rising with time. `version` > 0 changes each."""
    chance = np.random.default_rng(seed)
    created = FIRST_DAY + np.sort(chance.integers(0, 365 * 86400, rows)).astype("timedelta64[s]")
    is_paid = chance.random(rows) < 0.86
    paid = created + chance.integers(20, 3600, rows).astype("timedelta64[s]")
    shipped = paid + chance.integers(3600, 3 * 86400, rows).astype("timedelta64[s]")
    closed = created + np.timedelta64(86400, "s")
    changed = np.where(is_paid, shipped, closed) + np.timedelta64(3600 * (version + 1), "s")
    cents = chance.integers(500, 80_000, rows)
    regions = np.array(["浙江省", "广东省", "上海", "江苏省", "四川省"])[chance.integers(0, 5, rows)]
    order_no = np.arange(rows) * 37 + 10**15
    return pa.table(
        {
            "order_id": pa.array(order_no).cast(pa.string()),
            "customer_id": pc.binary_join_element_wise(
                "buyer", pa.array(chance.integers(0, max(rows // 10, 1), rows)).cast(pa.string()), "-"
            ),
            "source": pa.array(np.array(["app", "web", "flash_sale"])[chance.integers(0, 3, rows)]),
            "kind": pa.repeat("normal", rows),
            "payment_state": pa.array(np.where(is_paid, "paid", "none")),
            "created_at": _instants(created),
            "paid_at": _instants(paid, is_paid),
            "closes_at": _instants(closed),
            "closed_at": _instants(closed, ~is_paid),
            "shipped_at": _instants(shipped, is_paid),
            "total": _money(cents),
            "paid": _money(cents, is_paid),
            "currency": pa.repeat("CNY", rows),
            "item_count": pa.array(chance.integers(1, 5, rows) + version).cast(pa.string()),
            "region": pa.array(regions),
            "city": pa.repeat("杭州", rows),
            "modified_at": _instants(changed),
        }
    )


def shuffled(table: pa.Table, *, seed: int = 2) -> pa.Table:
    """The same rows in another order."""
    return table.take(pa.array(np.random.default_rng(seed).permutation(table.num_rows)))


def write(table: pa.Table, path: Path) -> Path:
    """The table as a CSV file without header, unquoted where possible: what a bare COPY takes as it is."""
    csv.write_csv(table, path, csv.WriteOptions(include_header=False, batch_size=8192, quoting_style="none"))
    return path


def _instants(values: np.ndarray, given: np.ndarray | None = None) -> pa.Array:
    text = pc.strftime(pa.array(values.astype("datetime64[s]")), format="%Y-%m-%dT%H:%M:%S")
    full = pc.binary_join_element_wise(text, "+08:00", "")
    return full if given is None else pc.if_else(pa.array(given), full, pa.scalar(None, pa.string()))


def _money(cents: np.ndarray, given: np.ndarray | None = None) -> pa.Array:
    units = pa.array(cents // 100).cast(pa.string())
    rest = pc.utf8_lpad(pa.array(cents % 100).cast(pa.string()), width=2, padding="0")
    text = pc.binary_join_element_wise(units, rest, ".")
    return text if given is None else pc.if_else(pa.array(given), text, pa.scalar(None, pa.string()))
