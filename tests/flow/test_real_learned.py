"""What real shops teach: pay delays and reminder times, recounted plainly from the files; delivery norms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len
from tests.flow.test_real_shops import DATA, Loaded, loaded_shop, needs_olist, table

from touchpoint.campaigns import delays
from touchpoint.cli.lessons import section
from touchpoint.learning import kept
from touchpoint.learning import pay_delay as learner
from touchpoint.learning.lessons import Rules
from touchpoint.local.postgres import Server
from touchpoint.pipeline.learning import teach
from touchpoint.settings import load_segments, load_shop
from touchpoint.settings.learning import load_learning

TMALL = DATA / "tmall_order_report.csv.gz"
needs_tmall = pytest.mark.skipif(not TMALL.is_file(), reason=f"no {TMALL.name}: set TOUCHPOINT_DATA to its folder")

MONTH_OVER = datetime.fromisoformat("2020-03-02T00:00:00+08:00")
"""Every Tmall order has closed: nothing is censored, and plain shares are the curve."""
SEPTEMBER = datetime.fromisoformat("2018-09-01T00:00:00-03:00")
POINTS = {"10 min": 600, "30 min": 1800, "1 h": 3600, "2 h": 7200, "6 h": 21600}


@pytest.fixture(scope="module")
def tmall(server: Server) -> Iterator[Loaded]:
    yield from loaded_shop(server, "tmall")


@pytest.fixture(scope="module")
def olist(server: Server) -> Iterator[Loaded]:
    yield from loaded_shop(server, "olist")


def lesson(shop: Loaded, name: str, as_of: datetime) -> dict[str, Any]:
    with shop.database.transaction() as tx:
        found, _ = teach(tx, shop.services, load_shop(shop.shop_id), as_of, keep=False, only=[name])[name]
    assert found is not None
    return dict(found.body)


def pay_delay(shop: Loaded, as_of: datetime) -> dict[tuple[str | None, str | None], dict[str, Any]]:
    return {(one["source"], one["kind"]): one for one in lesson(shop, "pay_delay", as_of)["groups"]}


def tmall_delays() -> Any:
    """Seconds from order to payment, NaN where it was never paid."""
    import pandas as pd

    orders = pd.read_csv(TMALL)
    orders.columns = orders.columns.str.strip()
    made, paid = (pd.to_datetime(orders[column]) for column in ("订单创建时间", "订单付款时间"))
    return (paid - made).dt.total_seconds()


@needs_tmall
def test_tmall_pays_as_fast_as_a_plain_recount_of_the_file_says(tmall: Loaded) -> None:
    delays = tmall_delays()
    everybody = pay_delay(tmall, MONTH_OVER)[None, None]
    assert (everybody["orders"], everybody["paid"], everybody["closes"]) == (28010, 24087, 86400)
    assert everybody["pay_by_themselves"] == pytest.approx(24087 / 28010, abs=1e-6)
    curve = {word: everybody["curve"][str(seconds)] for word, seconds in POINTS.items()}
    payers = delays.dropna()
    assert curve == pytest.approx({word: (payers <= seconds).mean() for word, seconds in POINTS.items()}, abs=1e-6)
    assert {word: round(share, 4) for word, share in curve.items()} == {
        "10 min": 0.9707, "30 min": 0.9812, "1 h": 0.9868, "2 h": 0.9893, "6 h": 0.9925,
    }  # fmt: skip


@needs_tmall
def test_tmall_is_reminded_after_ten_minutes(tmall: Loaded) -> None:
    payers = tmall_delays().dropna()
    everybody = pay_delay(tmall, MONTH_OVER)[None, None]
    assert everybody["share_paid_at"] == payers.quantile(0.9, interpolation="higher") == 51
    assert (everybody["after"], everybody["why"]) == (600, "share")
    assert everybody["paid_by_then"] == pytest.approx((payers <= 600).mean(), abs=1e-6)


@needs_tmall
def test_as_of_the_middle_of_the_month_orders_unpaid_yet_are_no_nevers(tmall: Loaded) -> None:
    import pandas as pd

    orders = pd.read_csv(TMALL)
    orders.columns = orders.columns.str.strip()
    as_of = pd.Timestamp("2020-02-25T10:00:00")
    made, paid = (pd.to_datetime(orders[column]) for column in ("订单创建时间", "订单付款时间"))
    known = made <= as_of
    is_paid = (paid <= as_of)[known]
    age = (paid.where(paid <= as_of, as_of)[known] - made[known]).dt.total_seconds()
    survival = 1.0
    expected = {}
    for seconds, group in is_paid.groupby(age):
        if seconds > 86400:
            break
        expected[seconds] = survival = survival * (1 - group.sum() / (age >= seconds).sum())
    found = pay_delay(tmall, as_of.to_pydatetime().replace(tzinfo=MONTH_OVER.tzinfo))[None, None]
    assert (found["orders"], found["paid"]) == (int(known.sum()), int(is_paid.sum()))
    assert found["pay_by_themselves"] == pytest.approx(1 - survival, abs=1e-6)
    at_ten = min(value for seconds, value in expected.items() if seconds <= 600)
    assert found["curve"]["600"] == pytest.approx((1 - at_ten) / (1 - survival), abs=1e-6)
    naive = is_paid.sum() / known.sum()
    assert found["pay_by_themselves"] > naive, "orders of the last day may yet be paid"


@needs_olist
def test_olist_cards_pay_in_minutes_and_slips_in_a_day_or_more(olist: Loaded) -> None:
    found = pay_delay(olist, SEPTEMBER)
    assert 10 * 60 <= found[None, "card"]["half_paid_at"] <= 30 * 60
    assert found[None, "boleto"]["half_paid_at"] >= 86400
    assert found[None, "card"]["curve"]["3600"] > 0.75
    assert found[None, "boleto"]["curve"]["3600"] < 0.05
    assert found[None, "boleto"]["after"] > found[None, "card"]["after"]


@needs_olist
@pytest.mark.parametrize("as_of", [SEPTEMBER, SEPTEMBER - timedelta(days=120), SEPTEMBER - timedelta(days=240)])
def test_no_olist_reminder_falls_where_most_honest_payers_of_that_kind_still_pay(
    olist: Loaded, as_of: datetime
) -> None:
    """Recounted from the files: of those of the kind who paid before their order closed, when had most paid?"""
    import pandas as pd

    orders, payments = table("orders"), table("order_payments").sort_values("payment_sequential")
    kinds = payments.groupby("order_id").payment_type.first().replace({"credit_card": "card"})
    made, paid = (pd.to_datetime(orders[column]) for column in ("order_purchase_timestamp", "order_approved_at"))
    until = pd.Timestamp(as_of.replace(tzinfo=None))
    in_window = (made > until - pd.Timedelta(days=180)) & (paid <= until)
    delays = (paid - made).dt.total_seconds()[in_window]
    closes = load_shop("olist").closes_after.total_seconds()
    asked = 0
    for (_, kind), group in pay_delay(olist, as_of).items():
        if kind is None or group["after"] is None:
            continue
        of_kind = delays[orders.order_id.map(kinds)[in_window] == kind]
        payers = of_kind[of_kind <= closes]
        assert (payers <= group["after"]).mean() >= 0.85, kind
        assert group["after"] <= closes - 20 * 60
        asked += 1
    assert asked >= 4, "card and boleto, each alone and by source"


@needs_olist
def test_nor_does_one_where_a_kind_has_too_few_orders_to_go_by(olist: Loaded) -> None:
    """All orders together would be due after 36 hours, when more than a quarter of bank slips are yet to be paid."""
    import pandas as pd

    learning = load_learning()
    rare = learning.pay_delay.model_copy(update={"min_sample": 1000})
    rules = Rules(learning.model_copy(update={"pay_delay": rare}), load_segments())
    with olist.database.transaction() as tx:
        lesson = learner.learn(tx, load_shop("olist"), SEPTEMBER, rules)
    assert lesson is not None
    assert {group["kind"] for group in lesson.body["groups"]} == {None, "card"}
    orders, payments = table("orders"), table("order_payments").sort_values("payment_sequential")
    kinds = orders.order_id.map(payments.groupby("order_id").payment_type.first()).replace({"credit_card": "card"})
    made, paid = (pd.to_datetime(orders[column]) for column in ("order_purchase_timestamp", "order_approved_at"))
    until = pd.Timestamp(SEPTEMBER.replace(tzinfo=None))
    within = (made > until - pd.Timedelta(days=180)) & (paid <= until) & (paid - made <= pd.Timedelta(days=5))
    due = delays.resolve({"delay": {"default": "learned"}}, lesson.body)["delay"]
    payers = (paid - made).dt.total_seconds()[within].groupby(kinds[within])
    assert sorted(kind for kind, one in payers if len(one) >= 20) == ["boleto", "card", "debit_card", "voucher"]
    for kind, one in payers:
        if len(one) >= 20:
            assert (one <= due.get(kind, due["default"])).mean() >= 0.85, kind
    assert (payers.get_group("boleto") <= due["default"]).mean() < 0.75
    by_hand = delays.resolve({"delay": {"default": "learned", "boleto": "learned or 48h"}}, lesson.body)["delay"]
    assert by_hand["boleto"] == 48 * 3600


@needs_olist
def test_days_learned_for_olist_are_those_of_its_parcels_and_hand_written_ones_win(olist: Loaded) -> None:
    import pandas as pd

    body = lesson(olist, "delivery_norms", SEPTEMBER)
    days = {one["region"]: one for one in body["groups"] if one["carrier"] is None}
    assert days["SP"]["days"] < days[None]["days"] < days["BA"]["days"]
    orders = table("orders").merge(table("customers"), on="customer_id")
    first, last = (
        pd.to_datetime(orders[column]) for column in ("order_delivered_carrier_date", "order_delivered_customer_date")
    )
    until = pd.Timestamp(SEPTEMBER.replace(tzinfo=None))
    # Handed over so long before that everything had its sixty days: no censoring is left, and a plain quantile will do.
    settled = (first > until - pd.Timedelta(days=180)) & (first <= until - pd.Timedelta(days=60)) & (last <= until)
    whole = (last.dt.normalize() - first.dt.normalize()).dt.days[settled & (orders.customer_state == "SP")]
    plain = whole[whole <= 60].quantile(0.9, interpolation="higher")
    assert abs(days["SP"]["days"] - plain) <= 2


@needs_olist
def test_what_was_learned_is_in_force_from_its_instant_on(olist: Loaded) -> None:
    with olist.database.transaction() as tx:
        # Nothing is learned behind the head, and the export was loaded today: as if the shop had been connected then.
        head = "UPDATE record.heads SET refreshed_as_of = %(at)s WHERE shop_id = 'olist'"
        tx.connection.exec_driver_sql(head, {"at": SEPTEMBER})
        teach(tx, olist.services, load_shop("olist"), SEPTEMBER, keep=True, only=["pay_delay"])
        found = kept.in_force(tx, "olist", "pay_delay", SEPTEMBER)
        assert found is not None
        assert found.until == SEPTEMBER
        assert kept.in_force(tx, "olist", "pay_delay", SEPTEMBER - timedelta.resolution) is None


@needs_tmall
@needs_olist
def test_what_real_shops_teach_fits_a_terminal_of_100_columns(
    tmall: Loaded, olist: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for shop, name, as_of in (
        (tmall, "pay_delay", MONTH_OVER),
        (olist, "pay_delay", SEPTEMBER),
        (olist, "delivery_norms", SEPTEMBER),
    ):
        lines = section(name, ["version 1"], lesson(shop, name, as_of)).splitlines()
        assert max(map(cell_len, lines)) <= 100
        assert any(set(line) == {"─"} for line in lines), "a table, not one value a line"
