"""The customer record: every feature, series, tag and segment of a shop anew, a day's refresh, and any past instant.

Beside DuckDB making the same from Parquet, compared row by row. Kind to the measured side: its narrow facts and their
indexes stand already (a refresh keeps them), and so does its server; the import of duckdb counts, as a task would pay
it. Kind to DuckDB: the Parquet export is not counted, and it knows one version of everything alone.

The full refresh is `record.segments.everybody`, which makes all of it and counts heads; the day's is `record.refresh`
whole, from the batch to the stored record.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, time, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

from tests.faults.server import own_database, own_server

from bench import Row, agree
from bench.baselines.record import COMPARED, EXPORTS, DuckDB
from bench.days import buy, stored_and_made
from bench.long_histories import AS_OF, analyse, make
from touchpoint.db import Database
from touchpoint.facts import head
from touchpoint.record import parcels, refresh, segments
from touchpoint.settings import Shop, SourceConfig, Tags, load_logistics, load_segments, load_tags
from touchpoint.settings.load import CONFIG_ROOT

ORDERS, ROUNDS = 1_000_000, 3
CHANGED = 0.003
DAY = timedelta(days=1)
EVER, LATELY = timedelta(days=2000), timedelta(days=60)
NARROW = ("record.paid_orders", "record.paid_lines", "record.refunds", "record.events")
STORED = ("record.customer_features", "record.customer_series", "record.customer_tags", "record.customer_segments")


def run(size: int | None = None) -> list[Row]:
    """Measure over about `size` orders of a tenth as many customers, and over a tenth of that."""
    folder = Path(tempfile.mkdtemp(prefix="bench-record-"))
    folder.chmod(0o777)  # the server writes its side of the comparison here
    customers = (size or ORDERS) // 10
    try:
        with own_server() as server, own_database(server) as db, own_database(server) as small:
            return _Bench(db, small, folder).measure(customers)
    finally:
        shutil.rmtree(folder)


class _Bench:
    """A large shop and a tenth of it, in databases of one server."""

    def __init__(self, db: Database, small: Database, folder: Path) -> None:
        self.db, self.small, self.folder = db, small, folder
        self.tags, self.segments = bench_tags(folder), load_segments()
        self.full = partial(full, tags=self.tags)
        self.duckdb = DuckDB(folder, AS_OF, shop().zone, self.segments, self.tags.of(shop()))

    def measure(self, customers: int) -> list[Row]:
        few, _ = self._fill(self.small, customers // 10)
        orders, stored = self._fill(self.db, customers)
        self._export()
        what = f"record of {customers:,} customers, {orders:,} orders"
        today, theirs, alone, small, month, year, memory = [], [], [], [], [], [], 0
        for _ in range(ROUNDS):
            today.append(self.full(self.db, AS_OF))
            with process() as other:
                whole, queries, memory = other.submit(self.duckdb.refresh).result()
            theirs.append(whole)
            alone.append(queries)
            small.append(self.full(self.small, AS_OF))
            month.append(self.full(self.db, AS_OF - 30 * DAY))
            year.append(self.full(self.db, AS_OF - 365 * DAY))
        self._same_as_duckdb()
        day, heavy, clock, idle = self._days(round(customers * CHANGED))
        with process() as other:
            own = other.submit(memory_of_full, self.db.url, self.folder).result()
        misjudged = self._misjudged(3 * median(today))
        anew = f"a full one, {median(today):.2f} s"
        return [
            Row(what, f"DuckDB from Parquet, a process for it ({memory:,} MB)", median(today), median(theirs), 1.5),
            Row(what, "  its queries alone", median(today), median(alone), 1.5),
            Row("  the first one, all facts narrowed and stored", anew, stored, median(today)),
            Row(f"  a day with {CHANGED:.1%} of the customers changed", anew, median(day), median(today), 0.05),
            Row("  a day with as many of who bought within 60 days", anew, median(heavy), median(today), 0.05),
            Row("  a day without, time alone", anew, median(clock), median(today), 0.05),
            Row("  the same instant again, 0 rows written", anew, median(idle), median(today), 0.05),
            Row("  as of a month back", anew, median(month), median(today), 1.2),
            Row("  as of a year back", anew, median(year), median(today), 1.2),
            Row("  customers estimated ten times too few", anew, misjudged, median(today), 3),
            Row(
                "  an order of it",
                f"one of {few:,}",
                1e9 * median(today) / orders,
                1e9 * median(small) / few,
                1,
                unit="ns",
            ),
            Row("  peak memory of Python", "aim", own, 300, 1, unit="MB"),
        ]

    def _fill(self, db: Database, customers: int) -> tuple[int, float]:
        """How many orders there are, and the seconds of the first refresh."""
        orders = make(db, customers)
        with db.transaction() as tx:
            parcels.keep_norms(tx, shop_id="bench", as_of=AS_OF, rules=load_logistics().rules(shop()))
        spent, _ = self._refresh(db, AS_OF, [1])
        analyse(db, (*NARROW, *STORED))
        return orders, spent

    def _refresh(self, db: Database, as_of: datetime, batch_ids: list[int]) -> tuple[float, int]:
        started = perf_counter()
        with db.transaction() as tx:
            written = refresh.refresh(
                tx, shop=shop(), as_of=as_of, batch_ids=batch_ids, segments=self.segments, tags=self.tags
            )
            head.advance_refreshed(tx, "bench", as_of)
        return perf_counter() - started, written

    def _days(self, buyers: int) -> tuple[list[float], list[float], list[float], list[float]]:
        """Seconds of days with so many buyers, of who ever bought and of who did lately, of days without any, and of
        each such day again.
        """
        day, heavy, clock, idle, as_of, batch = [], [], [], [], AS_OF, 1
        for _ in range(ROUNDS):
            for spent, bought_within in ((day, EVER), (heavy, LATELY)):
                as_of, batch = as_of + DAY, batch + 1
                with self.db.transaction() as tx:
                    buy(tx, as_of=as_of, batch_id=batch, buyers=buyers, bought_within=bought_within)
                seconds, written = self._refresh(self.db, as_of, [batch])
                agree("customers changed, and rows written", written > buyers, True)
                spent.append(seconds)
            as_of += DAY
            seconds, written = self._refresh(self.db, as_of, [])
            agree("time alone changes something", written > 0, True)
            clock.append(seconds)
            seconds, written = self._refresh(self.db, as_of, [])
            agree("rows written by the same again", written, 0)
            idle.append(seconds)
        self.full(self.db, as_of, then=stored_and_made)
        return day, heavy, clock, idle

    def _misjudged(self, most: float) -> float:
        """Seconds of a full refresh whose planner takes ten customers for one."""
        for table, share in zip(NARROW, (-0.01, -0.007, -0.05, -0.01), strict=True):
            with self.db.transaction() as tx:
                tx.connection.exec_driver_sql(
                    f"ALTER TABLE {table} ALTER COLUMN customer_no SET (n_distinct = {share})"
                )
        analyse(self.db, NARROW)
        return self.full(self.db, AS_OF, most=most)

    def _export(self) -> None:
        """The wide facts as Parquet: what would be exported before each refresh, and is not counted."""
        with self.db.transaction() as tx:
            for table, columns in EXPORTS.items():
                path = self.folder / f"{table.partition('.')[2]}.csv"
                names = ", ".join(column.split(" ")[0] for column in columns.split(", "))
                text = f"COPY (SELECT {names} FROM {table}) TO '{path}' (FORMAT csv)"
                tx.connection.exec_driver_sql(text)
        with process() as other:
            other.submit(self.duckdb.convert).result()

    def _same_as_duckdb(self) -> None:
        def export(tx: object, made: segments.Everybody) -> None:
            for table, columns in COMPARED.items():
                text = f"COPY (SELECT {columns} FROM {getattr(made, table)}) TO '{self.folder}/ours_{table}.csv'"
                tx.connection.exec_driver_sql(f"{text} (FORMAT csv)")  # type: ignore[attr-defined]

        self.full(self.db, AS_OF, then=export)
        for table in COMPARED:
            with process() as other:
                extra, missing, rows = other.submit(self.duckdb.compare, table).result()
            agree(f"{table} beside DuckDB: extra and missing rows", (extra, missing), (0, 0))
            agree(f"{table} has rows", rows > 0, True)


def process() -> ProcessPoolExecutor:
    """A process that has done nothing yet, so that its memory is its own."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def full(db: Database, as_of: datetime, *, tags: Tags, most: float | None = None, then: object = None) -> float:
    """Seconds of a full refresh, heads counted; `then` is called with what was made, and not counted.

    Args:
        db, as_of, tags: of what.
        most: seconds a statement may take.
        then: a function of the transaction and what was made.
    """
    with db.transaction() as tx:
        if most is not None:
            tx.connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{1000 * most:.0f}ms'")
        started = perf_counter()
        with segments.everybody(tx, shop=shop(), as_of=as_of, segments=load_segments(), tags=tags) as made:
            segments.counts(tx, shop=shop(), as_of=as_of, everyone=made)
            spent = perf_counter() - started
            if callable(then):
                then(tx, made)
    return spent


def memory_of_full(url: str, folder: Path) -> int:
    """Peak memory in MB of a process that makes a full refresh."""
    import resource

    db = Database(url)
    full(db, AS_OF, tags=bench_tags(folder))
    db.close()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def bench_tags(folder: Path) -> Tags:
    """config/tags.yaml, with the rules of the sandbox shop for ours."""
    text = (CONFIG_ROOT / "tags.yaml").read_text(encoding="utf-8")
    (folder / "tags.yaml").write_text(text.replace("sandbox:", "bench:"), encoding="utf-8")
    return load_tags(folder)


def shop() -> Shop:
    """A shop that exports everything as files."""
    source = SourceConfig(adapter="files", connection="none")
    return Shop(
        id="bench",
        name="Bench",
        platform="files",
        zone="Asia/Shanghai",
        locale="zh-CN",
        currency="CNY",
        signature="Bench",
        agent_contact="nobody",
        cut_off=time(16),
        sending="off",
        sources={
            "order": source,
            "product": source,
            "review": source,
            "shipment": source,
            "member": source,
            "inquiry": source,
            "visit": source,
        },
    )
