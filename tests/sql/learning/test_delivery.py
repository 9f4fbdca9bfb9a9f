"""Normal days of delivery: what is observed of each parcel, and which days are worked by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.sql.audiences.parcels import add_parcel, at
from tests.sql.decide.building import AS_OF, SHOP, make_segments, make_shop, rows, undone

from touchpoint.db import Database, Json, Transaction
from touchpoint.learning import delivery
from touchpoint.learning.lessons import Rules
from touchpoint.settings.learning import load_learning

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_delivery", template="template_touchpoint")
    database = Database(server.url("test_delivery"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    with undone(shared) as transaction:
        yield transaction


def parcel(tx: Transaction, name: str, *scans: Any, **changed: Any) -> None:
    add_parcel(tx, {"id": name, "shipped": "-20d", "carrier": "sf", "region": "hills", "scans": list(scans), **changed})


def observed(tx: Transaction, **changed: Any) -> list[tuple[int, bool]]:
    """Days on the way, and whether it arrived, sorted."""
    given = {"as_of": AS_OF, "zone": "Asia/Shanghai", "zones": Json({}), **changed}
    tx.do("learn/forget_observations")
    tx.do("learn/observe_deliveries", shop_id=SHOP, since=AS_OF - 180 * DAY, **given)
    return sorted((row["age"], row["is_event"]) for row in rows(tx, "SELECT age, is_event FROM pg_temp.observations"))


def test_days_run_from_the_first_scan_and_never_from_the_click(tx: Transaction) -> None:
    parcel(tx, "p", ["picked_up", "-18d"], ["in_transit", "-17d"], ["delivered", "-14d"])
    assert observed(tx) == [(4, True)]


def test_days_are_those_of_the_buyers_calendar(tx: Transaction) -> None:
    # Fourteen hours apart: from 14:00 to the next day's 04:00 in Shanghai, from 01:00 to 15:00 in New York.
    parcel(tx, "p", ["picked_up", "-18d"], ["delivered", "-17d10h"])
    [first, last] = rows(tx, "SELECT happened_at FROM facts.tracking_events ORDER BY happened_at")
    assert last["happened_at"] - first["happened_at"] == timedelta(hours=14)
    assert observed(tx) == [(1, True)]
    assert observed(tx, zones=Json({"hills": "America/New_York"})) == [(0, True)]


def test_an_open_parcel_has_not_arrived_by_the_end_of_yesterday(tx: Transaction) -> None:
    parcel(tx, "p", ["picked_up", "-6d"], ["delivered", "1h"])
    parcel(tx, "of_today", ["picked_up", "-2h"])
    assert observed(tx) == [(5, False)]


@pytest.mark.parametrize("state", ["refused", "returning", "returned", "cancelled"])
def test_what_turned_back_does_not_arrive_whatever_is_scanned_after_it(tx: Transaction, state: str) -> None:
    parcel(tx, "p", ["picked_up", "-18d"], [state, "-15d"], ["delivered", "-10d"])
    assert observed(tx) == [(17, False)]


def test_labels_and_another_parcels_scans_say_nothing(tx: Transaction) -> None:
    parcel(tx, "printed", ["label_created", "-20d"])
    parcel(tx, "used_again", ["delivered", "-40d"], ["picked_up", "-19d"], ["delivered", "-16d"])
    assert observed(tx) == [(3, True)]


def test_scans_not_known_yet_do_not_count(tx: Transaction) -> None:
    parcel(tx, "p", ["picked_up", "-18d"], {"state": "delivered", "at": "-15d", "known": "-9d"})
    assert observed(tx, as_of=at("-10d")) == [(7, False)]
    assert observed(tx, as_of=at("-8d")) == [(3, True)]


def test_nine_of_ten_that_arrive_have_arrived_by_the_days_learned(tx: Transaction) -> None:
    for number in range(10):
        parcel(tx, f"p{number}", ["picked_up", "-100d"], ["delivered", f"-{99 - number}d"], shipped="-101d")
    for number in range(5):
        parcel(tx, f"lost{number}", ["picked_up", "-100d"], shipped="-101d")
    config = load_learning()
    own = config.delivery_norms.model_copy(update={"min_sample": 10})
    rules = Rules(config.model_copy(update={"delivery_norms": own}), make_segments())
    lesson = delivery.learn(tx, make_shop(), AS_OF, rules)
    assert lesson is not None
    days = {(group["carrier"], group["region"]): group["days"] for group in lesson.body["groups"]}
    assert days == {(None, None): 9, ("sf", None): 9, (None, "hills"): 9, ("sf", "hills"): 9}
    assert delivery.learn(tx, make_shop(), AS_OF, Rules(config, make_segments())) is None, "ten are too few"


def test_where_nearly_all_have_arrived_nobody_need_watch_the_last_ones_to_the_end(tx: Transaction) -> None:
    for number in range(40):
        parcel(tx, f"p{number}", ["picked_up", "-20d"], ["delivered", f"-{19 - number % 8}d"])
    parcel(tx, "slow", ["picked_up", "-20d"])
    config = load_learning()
    own = config.delivery_norms.model_copy(update={"min_sample": 30})
    lesson = delivery.learn(
        tx, make_shop(), AS_OF, Rules(config.model_copy(update={"delivery_norms": own}), make_segments())
    )
    assert lesson is not None
    national = lesson.body["groups"][0]
    assert (national["parcels"], national["arrived"], national["watched"], national["days"]) == (41, 40, 0, 8)
