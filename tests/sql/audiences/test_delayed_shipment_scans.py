"""Scans in any order, doubled, lost, late or contradicting: the text a plain reading of the rules gives, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.audiences.parcel_reference import BACK, ENDS, SILENT, TROUBLE, WAY, Scan, Told, end_of, told
from tests.sql.audiences.parcels import RULES, add_parcel, add_scan
from tests.sql.decide.building import AS_OF, SHOP, rows, undone

from touchpoint.db import Database, Json, Transaction

STATES = st.sampled_from([*WAY, *TROUBLE, *BACK, *ENDS, *SILENT])
HOURS = st.integers(-24 * 14, 6)
SLOW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_delayed_scans", template="template_touchpoint")
    database = Database(server.url("test_delayed_scans"))
    yield database
    database.close()


@st.composite
def parcels(draw: st.DrawFn) -> dict[str, Any]:
    """A parcel with any scans: most learned when they happened, some late, some not yet."""
    shipped = AS_OF + timedelta(hours=draw(st.integers(-24 * 12, 0)))
    scans = [
        Scan(state, AS_OF + timedelta(hours=hours), AS_OF + timedelta(hours=max(hours, hours + late)))
        for state, hours, late in draw(
            st.lists(st.tuples(STATES, HOURS, st.sampled_from([0, 0, 0, 5, 40])), min_size=0, max_size=8)
        )
    ]
    promised = draw(st.none() | st.integers(-8, 4).map(lambda days: days))
    return {
        "shipped": shipped,
        "scans": scans,
        "carrier": draw(st.sampled_from([None, "swift", "slow"])),
        "region": draw(st.sampled_from([None, "hills", "far"])),
        "promised": None if promised is None else midnight(AS_OF.date() + timedelta(days=promised), "Asia/Shanghai"),
    }


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))


def store(tx: Transaction, shipment_id: str, parcel: dict[str, Any], scans: Sequence[Scan]) -> None:
    known = {key: parcel[key] for key in ("carrier", "region") if parcel[key]}
    if parcel["promised"] is not None:
        known["promised"] = parcel["promised"]
    add_parcel(tx, {"id": shipment_id, "buyer": f"b-{shipment_id}", "shipped": parcel["shipped"], **known})
    for number, scan in enumerate(scans):
        words = "超区" if scan.state == "out_of_area" else f"scan {number}"
        state = "exception" if scan.state == "out_of_area" else scan.state
        add_scan(tx, shipment_id, state, scan.happened, known=scan.known, description=words)


def answers(tx: Transaction, as_of: datetime, rules: dict[str, Any] = RULES) -> dict[str, Told]:
    found = rows(
        tx,
        "SELECT parcels.shipment_id, standings.problem, standings.is_late"
        " FROM facts.open_parcels_as_of(%(shop)s, %(at)s) AS parcels"
        " CROSS JOIN LATERAL facts.parcel_standing(parcels, %(rules)s, %(at)s) AS standings",
        shop=SHOP,
        at=as_of,
        rules=Json(rules),
    )
    told_of = {}
    for row in found:
        step = "problem" if row["problem"] else "late" if row["is_late"] else None
        told_of[row["shipment_id"]] = Told(step, row["problem"])
    return told_of


def expected(parcel: dict[str, Any], scans: Sequence[Scan], as_of: datetime) -> Told:
    place = {key: parcel[key] for key in ("shipped", "carrier", "region", "promised")}
    return told(scans, as_of, rules=RULES, **place)


@SLOW
@given(made=st.lists(parcels(), min_size=8, max_size=8), earlier=st.integers(0, 24 * 6))
def test_any_scans_give_what_the_rules_say_as_of_any_instant(
    shared: Database, made: list[dict[str, Any]], earlier: int
) -> None:
    as_of = AS_OF - timedelta(hours=earlier)
    with undone(shared) as tx:
        for number, parcel in enumerate(made):
            store(tx, f"P{number}", parcel, parcel["scans"])
        got = answers(tx, as_of)
    for number, parcel in enumerate(made):
        if parcel["shipped"] <= as_of:
            assert got.get(f"P{number}", Told(None)) == expected(parcel, parcel["scans"], as_of), parcel


@SLOW
@given(parcel=parcels(), luck=st.randoms(use_true_random=False))
def test_neither_order_nor_doubles_change_an_answer(shared: Database, parcel: dict[str, Any], luck: Any) -> None:
    shuffled = [*parcel["scans"], *luck.sample(parcel["scans"], len(parcel["scans"]) // 2)]
    luck.shuffle(shuffled)
    with undone(shared) as tx:
        store(tx, "A", parcel, parcel["scans"])
        store(tx, "B", parcel, shuffled)
        got = answers(tx, AS_OF)
    assert got.get("A") == got.get("B")


@SLOW
@given(parcel=parcels(), luck=st.randoms(use_true_random=False))
def test_lost_scans_never_bring_back_what_is_over_or_turned_back(
    shared: Database, parcel: dict[str, Any], luck: Any
) -> None:
    scans = parcel["scans"]
    kept = [scan for scan in scans if scan.state in (*ENDS, *BACK) or luck.random() < 0.5]
    with undone(shared) as tx:
        store(tx, "all", parcel, scans)
        store(tx, "some", parcel, kept)
        got = answers(tx, AS_OF)
    assert got.get("some", Told(None)) == expected(parcel, kept, AS_OF)
    whole, part = got.get("all", Told(None)), got.get("some", Told(None))
    if whole.step is None and any(scan.state in ENDS and max(scan.happened, scan.known) <= AS_OF for scan in scans):
        assert part.step is None
    if whole.problem in BACK:
        assert part == whole


ZONES = {
    # The clocks skip midnight, repeat the hour before it, or change by day (and one Sunday of each has 23 or 25 hours).
    "America/Sao_Paulo": [date(2017, 10, 15), date(2018, 2, 17), date(2018, 2, 18), date(2018, 11, 4)],
    "Europe/London": [date(2017, 10, 29), date(2018, 3, 25), date(2011, 3, 27), date(2011, 10, 30)],
}


@pytest.mark.parametrize(
    ("zone", "day"), [(zone, day) for zone, days in ZONES.items() for day in days], ids=lambda value: str(value)
)
@pytest.mark.parametrize("by", ["promise", "norm"])
def test_a_day_on_which_the_clocks_change_is_kept_until_it_ends(
    shared: Database, zone: str, day: date, by: str
) -> None:
    tz, rules = ZoneInfo(zone), {**RULES, "zone": zone}
    ends = end_of(day, tz).astimezone(UTC)
    shipped = ends - timedelta(days=6)
    parcel: dict[str, Any] = {"id": "P", "shipped": shipped}
    if by == "promise":
        with undone(shared) as tx:
            text = rows(tx, "SELECT %(day)s::timestamp AT TIME ZONE %(zone)s AS at", day=day, zone=zone)[0]["at"]
        parcel["promised"] = text
    else:
        first = datetime.combine(day - timedelta(days=3), time(12), tz).astimezone(UTC)
        parcel["scans"] = [["picked_up", first]]
    with undone(shared) as tx:
        add_parcel(tx, parcel)
        last, after = (answers(tx, at, rules)["P"].step for at in (ends - timedelta(seconds=1), ends))
    assert (last, after) == (None, "late")
    assert ends.astimezone(tz).date() == day + timedelta(days=1)


def test_a_midnight_the_clocks_skip_is_still_that_whole_day(shared: Database) -> None:
    """15 October 2017 began at 01:00 in São Paulo; an export's midnight lands as that instant."""
    rules = {**RULES, "zone": "America/Sao_Paulo"}
    promised = datetime(2017, 10, 15, 3, 0, tzinfo=UTC)
    assert promised.astimezone(ZoneInfo("America/Sao_Paulo")).hour == 1
    with undone(shared) as tx:
        add_parcel(tx, {"id": "P", "shipped": promised - timedelta(days=3), "promised": promised})
        evening, night = (
            answers(tx, datetime(2017, 10, day, hour, tzinfo=UTC), rules)["P"].step for day, hour in ((16, 1), (16, 2))
        )
    assert (evening, night) == (None, "late")
