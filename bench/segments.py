"""All segments of a shop anew, as `touchpoint segments show` makes them at the head: features of every customer written
to a table, quintiles found, everybody labelled and counted; beside DuckDB from Parquet and SQL as first written.
Features and labels are compared customer by customer.

Kind to the measured side: its narrow facts and their indexes stand already (a refresh keeps them), and so does its
server; the import of duckdb counts, as a task would pay it. Kind to DuckDB: the Parquet export is not counted.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.faults.server import own_database, own_server

from bench import Row, agree
from bench.baselines.segments import COLUMNS, DuckDB, naive
from bench.landing import shop
from bench.long_histories import AS_OF, make
from touchpoint.db import Database, Transaction
from touchpoint.record import segments
from touchpoint.settings import load_segments

ORDERS, ROUNDS = 1_000_000, 3
FEATURES = COLUMNS.partition(" r_score")[0].rstrip(",")
_LABELLED = (
    f"CREATE TEMPORARY TABLE labelled ON COMMIT DROP AS SELECT {COLUMNS} FROM {{}} AS f CROSS JOIN LATERAL"
    " record.labels(f.last_paid_at, f.order_count, f.net_minor, %(as_of)s::timestamptz, %(rfm)s::jsonb,"
    " %(segments)s::jsonb) AS labels"
)


def run(size: int | None = None) -> list[Row]:
    """Measure over about `size` orders of a tenth as many customers, on a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="bench-segments-"))
    folder.chmod(0o755)
    try:
        with own_server() as server, own_database(server) as db:
            return _measure(db, folder, (size or ORDERS) // 10)
    finally:
        shutil.rmtree(folder)


def _measure(db: Database, folder: Path, customers: int) -> list[Row]:
    orders, rules = make(db, customers), load_segments()
    duckdb = DuckDB(folder, AS_OF, rules)
    ours, theirs, queries, memory = [], [], [], 0
    with _process() as other:
        other.submit(duckdb.export, db.engine.url.render_as_string(hide_password=False)).result()
    for _ in range(ROUNDS):
        ours.append(refresh(db, folder=None))
        with _process() as other:
            whole, alone, memory = other.submit(duckdb.refresh).result()
        theirs.append(whole)
        queries.append(alone)
    with db.transaction() as tx:
        first_written = naive(tx, AS_OF, rules)
    refresh(db, folder)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    what = f"segments of {customers:,} customers, {orders:,} orders ({own:,} MB of Python)"
    return [
        Row(what, f"DuckDB from Parquet, a process for it ({memory:,} MB)", median(ours), median(theirs), 1.2),
        Row(what, "  its queries alone", median(ours), median(queries)),
        Row(what, "SQL as first written, work_mem 4MB", median(ours), first_written, 7, at_least=True),
    ]


def _process() -> ProcessPoolExecutor:
    """A process that has done nothing yet, so that its memory is its own."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def refresh(db: Database, folder: Path | None) -> float:
    """Seconds of a refresh of all segments; with a folder, the result is held against both baselines instead."""
    with db.transaction() as tx:
        started = perf_counter()
        with segments.everybody(tx, shop=shop(), as_of=AS_OF, segments=load_segments()) as made:
            tx.many("segments/counts", **made.parameters)
            spent = perf_counter() - started
            if folder is not None:
                tx.connection.exec_driver_sql(_LABELLED.format(made.customers), made.parameters)
                _same_as_duckdb(tx, folder / "labelled.csv")
                _same_as_first_written(tx)
    return spent


def _same_as_duckdb(tx: Transaction, path: Path) -> None:
    tx.connection.exec_driver_sql("CREATE TEMPORARY TABLE other ON COMMIT DROP AS TABLE labelled WITH NO DATA")
    with path.open("rb") as file:
        tx.copy_in("other", tuple(COLUMNS.split(", ")), file)
    agree("beside DuckDB: extra and missing rows", _differences(tx, "labelled", "other", COLUMNS), (0, 0))


def _same_as_first_written(tx: Transaction) -> None:
    """Features and stage to the row. Scores too, but for values that ntile tears apart, and one row an edge."""
    agree("beside SQL as first written", _differences(tx, "labelled", "naive", f"{FEATURES}, stage"), (0, 0))
    for score, value in (("r_score", "last_paid_at"), ("f_score", "order_count"), ("m_score", "net_minor")):
        text = (
            f"WITH torn AS (SELECT {value} FROM naive GROUP BY {value} HAVING min({score}) < max({score}))"
            f" SELECT count(*) <= 4 FROM labelled AS ours INNER JOIN naive USING (customer_no)"
            f" WHERE ours.{score} <> naive.{score} AND ours.{value} NOT IN (SELECT {value} FROM torn)"
        )
        agree(f"{score} beside SQL as first written", tx.connection.exec_driver_sql(text).scalar(), True)


def _differences(tx: Transaction, one: str, other: str, columns: str) -> tuple[int, int]:
    text = (
        f"SELECT (SELECT count(*) FROM (SELECT {columns} FROM {one} EXCEPT ALL SELECT {columns} FROM {other}) AS e),"
        f" (SELECT count(*) FROM (SELECT {columns} FROM {other} EXCEPT ALL SELECT {columns} FROM {one}) AS m)"
    )
    return tuple(tx.connection.exec_driver_sql(text).one())  # type: ignore[return-value]
