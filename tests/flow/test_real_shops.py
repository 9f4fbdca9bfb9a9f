"""Two real shops loaded whole: what the facts hold equals a plain recount from the files."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.flow.conftest import ENVIRONMENT, take_seat
from tests.flow.real_tags import ORDERS, counted, part_of_day, recount, region, told, weekday

from touchpoint import pipeline
from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.local.postgres import Server
from touchpoint.model import Cadence
from touchpoint.services import Services
from touchpoint.settings import ConnectionInfo, load_logistics, load_shop
from touchpoint.statements import ROOT

DATA = Path(os.environ.get("TOUCHPOINT_DATA", ROOT.parent / "shared" / "data"))
OLIST = DATA / "olist_stratified_8135"
RETAIL = DATA / "online_retail.parquet"

needs_olist = pytest.mark.skipif(not OLIST.is_dir(), reason=f"no {OLIST.name}: set TOUCHPOINT_DATA to the folder of it")
needs_retail = pytest.mark.skipif(
    not RETAIL.is_file(), reason=f"no {RETAIL.name}: set TOUCHPOINT_DATA to the folder of it"
)

PAST = [datetime.fromisoformat("2018-03-15T10:00:00-03:00"), datetime.fromisoformat("2018-08-03T23:30:00-03:00")]


class Loaded:
    """A shop's whole history in a database of its own."""

    def __init__(self, services: Services, shop_id: str) -> None:
        self.services, self.database, self.shop_id = services, services.db, shop_id

    def candidates(self, campaign_id: str, as_of: datetime) -> list[tuple[Any, ...]]:
        """(step, covers) of everybody a campaign's audience returns at a past instant."""
        run = pipeline.begin(self.services, trigger(self.shop_id, Cadence.INTRADAY, as_of))
        pipeline.plan(self.services, run.run_no, campaign_id)
        return self.rows("SELECT step, covers FROM ledger.candidate WHERE run_no = %s", run.run_no)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database.transaction() as tx:
            return [tuple(row) for row in tx.connection.exec_driver_sql(query, values)]

    def one(self, query: str, *values: object) -> Any:
        [(value,)] = self.rows(query, *values)
        return value


def trigger(shop_id: str, cadence: Cadence, as_of: datetime) -> pipeline.Trigger:
    dag_id = f"touchpoints_{cadence}__{shop_id}"
    run_id = f"past__{as_of.isoformat()}"
    return pipeline.Trigger(shop_id=shop_id, dag_id=dag_id, run_id=run_id, cadence=cadence, as_of=as_of)


def loaded_shop(server: Server, shop_id: str) -> Iterator[Loaded]:
    server.create_database(f"real_{shop_id}", template="template_touchpoint")
    database = Database(server.url(f"real_{shop_id}"))
    with database.transaction() as tx:
        take_seat(tx, ENVIRONMENT)
    data = ConnectionInfo(conn_id="replay_data", extra={"folder": str(DATA), "sandbox": True})
    own = ConnectionInfo(conn_id="touchpoint", extra={"hash_key": "0" * 64, "environment_id": ENVIRONMENT})
    services = Services(db=database, resolve={"replay_data": data}.__getitem__, connection=own)
    pipeline.load_history(services, trigger(shop_id, Cadence.DAILY, real_now()))
    yield Loaded(services, shop_id)
    database.close()


@pytest.fixture(scope="module")
def olist(server: Server) -> Iterator[Loaded]:
    yield from loaded_shop(server, "olist")


@pytest.fixture(scope="module")
def retail(server: Server) -> Iterator[Loaded]:
    yield from loaded_shop(server, "online_retail")


def table(name: str) -> Any:
    import pandas as pd

    return pd.read_parquet(OLIST / f"olist_{name}_dataset.parquet")


def accounted(shop: Loaded) -> dict[str, tuple[int, int, int]]:
    """Entity -> landed, loaded, quarantined; nothing else became of a line."""
    rows = shop.rows(
        "SELECT entity, landed, loaded, quarantined, unchanged + superseded FROM landing.batch WHERE state = 'loaded'"
    )
    assert not any(row[4] for row in rows)
    return {row[0]: row[1:4] for row in rows}


@needs_olist
def test_every_olist_line_is_accounted_for(olist: Loaded) -> None:
    people = table("customers").customer_unique_id.nunique()
    names = ("order_reviews", "order_items", "products", "order_payments")
    reviews, items, products, payments = (len(table(name)) for name in names)
    assert (people, reviews, items, products, payments) == (8016, 8225, 8365, 5460, 8924)
    assert accounted(olist) == {
        "member": (people, people, 0),
        "product": (products, products, 0),
        "order": (8135, 8135, 0),
        "order_line": (items, items, 0),
        "payment": (payments, payments, 0),
        "shipment": (6353, 6353, 0),
        # Delivered, and nobody knows when: 8.
        "tracking_event": (11531, 11523, 8),
        "review": (reviews, reviews, 0),
    }
    reasons = olist.rows("SELECT entity, reasons, count(*) FROM landing.quarantine GROUP BY 1, 2")
    assert reasons == [("tracking_event", ["missing_instant"], 8)]


@needs_olist
def test_olist_orders_stand_where_the_file_says(olist: Loaded) -> None:
    assert dict(olist.rows("SELECT status, count(*) FROM facts.orders GROUP BY 1")) == {
        "delivered": 5172, "shipped": 1107, "canceled": 625, "unavailable": 609, "invoiced": 314, "processing": 301,
        "created": 5, "approved": 2,
    }  # fmt: skip
    closed = olist.rows("SELECT DISTINCT status FROM facts.orders WHERE closed_at IS NOT NULL ORDER BY 1")
    assert closed == [("canceled",), ("unavailable",)]
    assert olist.one("SELECT count(*) FROM facts.orders WHERE closed_at IS NULL AND status = 'canceled'") == 0


@needs_olist
def test_olist_money_and_kinds_of_payment_are_those_of_the_file(olist: Loaded) -> None:
    payments = table("order_payments").sort_values("payment_sequential")
    kinds = payments.groupby("order_id").payment_type.first().replace({"credit_card": "card"})
    assert dict(olist.rows("SELECT payment_kind, count(*) FROM facts.orders GROUP BY 1")) == Counter(kinds)
    cents = (payments.payment_value * 100).round().astype(int)
    assert olist.one("SELECT sum(total_minor) FROM facts.orders") == int(cents.sum())
    assert (cents == 0).sum() == 5
    paid = olist.one("SELECT count(*) FROM facts.orders WHERE paid_at IS NOT NULL AND paid_minor = total_minor")
    assert paid == table("orders").order_approved_at.notna().sum()


@needs_olist
def test_a_parcel_delivered_on_its_promised_day_is_not_late(olist: Loaded) -> None:
    """342 of 5,164 by the day that was promised; taken as an instant, the promise would make it 414."""
    [(delivered, late_by_day, late_by_instant)] = olist.rows(
        """SELECT count(*),
                  count(*) FILTER (WHERE (scans.happened_at AT TIME ZONE 'America/Sao_Paulo')::date
                                         > (parcels.promised_at AT TIME ZONE 'America/Sao_Paulo')::date),
                  count(*) FILTER (WHERE scans.happened_at > parcels.promised_at)
           FROM facts.shipments AS parcels
           JOIN facts.orders USING (shop_id, order_id)
           JOIN facts.tracking_events AS scans USING (shop_id, shipment_id)
           WHERE scans.state = 'delivered' AND orders.status = 'delivered'"""
    )
    assert (delivered, late_by_day, late_by_instant) == (5164, 342, 414)


def recounted_late(at: datetime) -> set[str]:
    """Parcels past their promised day in the buyer's zone, on their way at an instant, straight from the files."""
    import pandas as pd

    orders = table("orders").merge(table("customers"), on="customer_id")
    local = at.astimezone(load_shop("olist").tz).replace(tzinfo=None)
    times = [name for name in orders.columns if name.endswith(("_timestamp", "_at", "_carrier_date", "_customer_date"))]
    is_over = orders.order_status.isin(["canceled", "unavailable"]) & (orders[times].max(axis=1) <= local)
    is_open = (
        (orders.order_purchase_timestamp <= local)
        & (orders.order_delivered_carrier_date <= local)
        & ~(orders.order_delivered_customer_date <= local)
        & ~is_over
    )
    zones = load_logistics().rules(load_shop("olist"))["zones"]
    ends = orders.order_estimated_delivery_date + pd.Timedelta(days=1)
    late = [
        end.tz_localize(zones.get(state, "America/Sao_Paulo"), nonexistent="shift_forward", ambiguous=True) <= at
        for end, state in zip(ends, orders.customer_state, strict=True)
    ]
    return set(orders.order_id[is_open & pd.Series(late)])


@needs_olist
@pytest.mark.parametrize("at", PAST, ids=str)
def test_open_parcels_past_their_promise_at_a_past_instant_are_those_of_the_files(olist: Loaded, at: datetime) -> None:
    rules = json.dumps(load_logistics().rules(load_shop("olist")))
    found = olist.rows(
        """SELECT parcels.shipment_id
           FROM facts.open_parcels_as_of('olist', %s) AS parcels
           CROSS JOIN LATERAL facts.parcel_standing(parcels, %s::jsonb, %s) AS standing
           WHERE standing.is_late""",
        at, rules, at,
    )  # fmt: skip
    expected = recounted_late(at)
    assert len(expected) > 600
    assert {row[0] for row in found} == expected


@needs_olist
def test_who_waits_for_a_late_parcel_is_who_the_files_say(olist: Loaded) -> None:
    at = PAST[0]
    local = at.replace(tzinfo=None)
    given_up = load_logistics().norms.give_up_after
    assert given_up is not None
    shipped = table("orders").set_index("order_id").order_delivered_carrier_date
    fresh = {order for order in recounted_late(at) if shipped[order] > local - given_up}
    found = olist.candidates("delayed_shipment", at)
    assert len(fresh) > 50
    assert {step for step, _ in found} == {"late"}
    assert {order for _, covers in found for order in covers} == fresh


@needs_olist
def test_a_bank_slip_is_not_nagged_for_two_days_and_a_card_within_the_hour(olist: Loaded) -> None:
    import pandas as pd

    at = datetime.fromisoformat("2017-11-25T14:00:00-02:00")  # the day after Black Friday
    orders = table("orders").set_index("order_id")
    payments = table("order_payments").sort_values("payment_sequential")
    kinds = payments.groupby("order_id").payment_type.first()
    local = at.replace(tzinfo=None)
    age = pd.Timestamp(local) - orders.order_purchase_timestamp
    is_open = (age < pd.Timedelta(days=5)) & ~(orders.order_approved_at <= local)
    is_open &= ~orders.order_status.isin(["canceled", "unavailable"]) | orders.order_approved_at.notna()
    delay = pd.Series(pd.Timedelta(minutes=30), index=orders.index).where(kinds != "boleto", pd.Timedelta(hours=48))
    due = set(orders.index[is_open & (age >= delay)])
    slips = set(orders.index[is_open & (kinds == "boleto") & (age >= pd.Timedelta(hours=1))])
    assert len(due) > 0
    assert len(slips - due) >= 5
    found = {order for _, covers in olist.candidates("unpaid_reminder", at) for order in covers}
    assert due <= found
    assert not found & (slips - due)


@needs_olist
def test_what_is_odd_in_olist_is_there_to_be_seen(olist: Loaded) -> None:
    lines = "SELECT FROM facts.order_lines AS lines WHERE lines.order_id = orders.order_id"
    assert olist.one(f"SELECT count(*) FROM facts.orders WHERE NOT EXISTS ({lines})") == 775
    assert olist.one("SELECT count(*) FROM facts.orders WHERE shipped_at < paid_at") == 77
    assert olist.one("SELECT count(*) FROM facts.orders WHERE finished_at < shipped_at") == 3
    assert olist.one("SELECT count(*) FROM facts.orders WHERE status = 'canceled' AND finished_at IS NOT NULL") == 6
    assert olist.one("SELECT count(*) - count(DISTINCT review_id) FROM facts.reviews") == 34
    assert olist.one("SELECT count(*) FROM facts.products WHERE category IS NULL") == 111


@needs_olist
def test_the_catalogue_and_reviews_are_known_when_they_were(olist: Loaded) -> None:
    first = datetime.fromisoformat("2016-09-04T21:15:19-03:00")
    assert olist.one("SELECT count(*) FROM facts.products_as_of('olist', %s)", first) == 5460
    at = PAST[0]
    answered = table("order_reviews").review_answer_timestamp <= at.replace(tzinfo=None)
    assert olist.one("SELECT count(*) FROM facts.reviews_as_of('olist', %s)", at) == int(answered.sum())


def retail_file() -> Any:
    """The lines a clean export would hold."""
    import pandas as pd

    file = pd.read_parquet(RETAIL).drop_duplicates()
    return file[file.UnitPrice > 0]


@needs_retail
def test_every_line_of_online_retail_is_accounted_for(retail: Loaded) -> None:
    counts = accounted(retail)
    lines = [counts["order_line"], counts["refund"]]
    assert [sum(column) for column in zip(*lines, strict=True)] == [541_909, 534_129, 7_780]
    assert counts["refund"] == (9_288, 9_251, 37)
    assert counts["order"] == (19_960, 19_960, 0)
    reasons = retail.rows("SELECT reasons FROM landing.quarantine")
    named = Counter(reason for [row] in reasons for reason in row)
    assert (named["duplicate"], named["price_not_positive"], len(reasons)) == (5_268, 2_517, 7_780)
    assert set(named) == {"duplicate", "price_not_positive", "negative_amount"}


@needs_retail
def test_an_order_of_online_retail_is_the_sum_of_its_lines(retail: Loaded) -> None:
    apart = retail.rows(
        """SELECT orders.order_id
           FROM facts.orders
           JOIN facts.order_lines AS lines USING (shop_id, order_id)
           GROUP BY orders.shop_id, orders.order_id, orders.total_minor
           HAVING sum(lines.net_minor) <> orders.total_minor"""
    )
    assert not apart
    file = retail_file()
    tenths = (file.UnitPrice * 1000).round().astype(int) * file.Quantity.abs()
    pence = (tenths + 5) // 10  # half a penny goes up, line by line
    is_cancelling = file.InvoiceNo.str.startswith("C")
    assert retail.one("SELECT sum(total_minor) FROM facts.orders") == int(pence[~is_cancelling].sum())
    assert retail.one("SELECT sum(amount_minor) FROM facts.refunds") == int(pence[is_cancelling].sum())


@needs_retail
def test_guests_refunds_and_services_of_online_retail_are_kept_apart(retail: Loaded) -> None:
    file = retail_file()
    is_cancelling = file.InvoiceNo.str.startswith("C")
    bought, cancelled = file[~is_cancelling], file[is_cancelling]
    guests = bought[bought.CustomerID.isna()].InvoiceNo.nunique()
    assert retail.rows(
        """SELECT count(*) FILTER (WHERE is_guest), count(DISTINCT customer_no) FILTER (WHERE NOT is_guest)
           FROM facts.orders JOIN facts.customers USING (shop_id, customer_no)"""
    ) == [(guests, bought.CustomerID.nunique())]
    assert retail.one("SELECT count(*) FROM facts.refunds WHERE order_id IS NOT NULL") == 0
    assert retail.one("SELECT count(DISTINCT customer_no) FROM facts.refunds") == cancelled.CustomerID.nunique()
    services = retail.rows("SELECT product_id, count(*) FROM facts.order_lines WHERE kind = 'service' GROUP BY 1")
    is_article = bought.StockCode.str.match(r"\d{5}|DCGS|gift_")
    assert dict(services) == Counter(bought[~is_article].StockCode)


@needs_retail
def test_habits_of_a_real_shop_are_those_of_a_plain_recount_and_what_it_lacks_is_unavailable(retail: Loaded) -> None:
    found, orders = told(retail.database, "online_retail"), retail.rows(ORDERS)
    zone = "Europe/London"
    assert counted(found["usual_weekday"]) == recount(orders, zone, weekday, 5)
    assert counted(found["usual_hour"]) == recount(orders, zone, part_of_day, 5)
    assert counted(found["home_region"]) == recount(orders, zone, region, 2)
    assert found["series_preference"][0]["customers"] is None
    assert "the series of a product" in found["series_preference"][0]["note"]
    assert "connect visits" in found["leaving_cause"][0]["note"]


@needs_olist
def test_tags_of_a_shop_whose_customers_come_once_say_that_they_are_too_small_to_measure(olist: Loaded) -> None:
    found, orders = told(olist.database, "olist"), olist.rows(ORDERS)
    assert counted(found["home_region"]) == recount(orders, "America/Sao_Paulo", region, 2)
    assert sum(row["customers"] for row in found["series_preference"]) < 30
    assert all("too small to measure" in row["note"] for row in found["series_preference"])
    causes = counted(found["leaving_cause"])
    assert sum(causes.values()) == len({customer for customer, *_ in orders})
    assert set(causes) == {"unhappy", "asleep"}
