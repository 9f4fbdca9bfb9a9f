"""What landing is measured beside: a bare server-side COPY, and pandas.to_sql. Same server, settings and rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine


def bare_copy(engine: Engine, path: Path, columns: Sequence[str], *, numbered: bool = False) -> float:
    """Seconds of a server-side COPY of a CSV into a fresh table of text without indexes, commit included."""
    wanted = [*(["batch_id bigint", "line_no bigint"] if numbered else []), *(f"{name} text" for name in columns)]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS bare")
        connection.exec_driver_sql(f"CREATE TABLE bare ({', '.join(wanted)})")
    checkpoint(engine)
    started = perf_counter()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"COPY bare FROM '{path}' WITH (FORMAT csv)")
    return perf_counter() - started


def pandas_way(engine: Engine, path: Path, columns: Sequence[str], rows: int) -> float:
    """Seconds of the way most begin with: read_csv, typing and checks on a frame, to_sql into the indexed table."""
    import pandas as pd

    instants = [name for name in columns if name.endswith("_at")]
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS pandas_orders")
        connection.exec_driver_sql(
            "CREATE TABLE pandas_orders (LIKE facts.orders INCLUDING INDEXES INCLUDING DEFAULTS)"
        )
        connection.exec_driver_sql("ALTER TABLE pandas_orders DROP COLUMN customer_no, DROP COLUMN payment_kind")
        connection.exec_driver_sql("ALTER TABLE pandas_orders ADD COLUMN customer_id text")
        connection.exec_driver_sql("CREATE INDEX ON pandas_orders (customer_id, created_at)")
    started = perf_counter()
    frame = pd.read_csv(path, names=list(columns), dtype=str, nrows=rows, keep_default_na=False, na_values=[""])
    for name in instants:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601", errors="coerce", utc=True)
    for name in ("total", "paid"):
        frame[f"{name}_minor"] = (pd.to_numeric(frame[name], errors="coerce") * 100).round().astype("Int64")
    frame["item_count"] = pd.to_numeric(frame["item_count"], errors="coerce").astype("Int64")
    good = frame["order_id"].notna() & frame["created_at"].notna() & (frame["total_minor"] >= 0)
    frame = frame[good].sort_values("modified_at").drop_duplicates("order_id", keep="last")
    frame = frame.drop(columns=["total", "paid"]).assign(shop_id="bench", known_at=frame["created_at"], batch_id=1)
    frame.to_sql("pandas_orders", engine, if_exists="append", index=False, chunksize=10_000)
    return perf_counter() - started


def checkpoint(engine: Engine) -> None:
    """Write out what earlier steps left behind, so that nobody pays for another's pages."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")
