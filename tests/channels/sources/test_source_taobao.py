"""The Taobao source against the sandbox's side of the protocol, over a real socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox_process import ANCHOR, Sandbox
from tests.unit.sources.conformance import conforms, rows_of

from touchpoint.errors import SourceError, SourceRefused, SourceUnavailable
from touchpoint.model import Entity, Window
from touchpoint.sandbox.journal import Journal
from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world.shop import World
from touchpoint.settings import ConnectionInfo, Shop, environment_connection, load_shop
from touchpoint.sources import open_source
from touchpoint.sources.taobao.client import Credentials, TopClient
from touchpoint.sources.taobao.paging import CHANGED, rows_within
from touchpoint.sources.taobao.source import TaobaoSource

NOW = ANCHOR - timedelta(minutes=1)
METHOD = "taobao.trades.sold.get"
ASK = {"fields": "tid", "page_size": 1}


@pytest.fixture
def shop() -> Shop:
    return load_shop("sandbox")


@pytest.fixture
def resolve(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ConnectionInfo]:
    for name, value in sandbox.connections().items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", value)
    return environment_connection


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(resolve: Callable[[str], ConnectionInfo], waits: list[float]) -> TopClient:
    """A client that notes its waits instead of waiting, and gives up on an answer soon."""
    return TopClient(Credentials.of(resolve("sandbox_platform")), read_timeout=2.0, pause=waits.append)


def faults(sandbox: Sandbox, **platform: Any) -> None:
    sandbox.control("POST", "/control/faults", {"platform": platform})


def at_clock(sandbox: Sandbox, at: datetime) -> None:
    sandbox.control("POST", "/control/clock", {"at": at.isoformat()})


def modified_of(entity: Entity, row: dict[str, str | None]) -> str | None:
    return row["modified_at"]


def test_changed_orders_conform(resolve, shop):
    window = Window(ANCHOR - timedelta(hours=3), ANCHOR)
    cuts = [ANCHOR - timedelta(hours=2, minutes=7), ANCHOR - timedelta(minutes=30, seconds=1)]
    rows = conforms(
        lambda: open_source(shop, Entity.ORDER, resolve), Entity.ORDER, window, cut_at=cuts, time_of=modified_of
    )
    assert len(rows[Entity.ORDER]) > 30
    assert len(rows[Entity.ORDER_LINE]) >= len(rows[Entity.ORDER])


def test_changed_orders_say_what_was_taken_off_and_what_of_it_by_coupon(client, shop):
    pages = list(TaobaoSource(shop, client).read(Entity.ORDER, Window(ANCHOR - timedelta(hours=3), ANCHOR)))
    orders = {entity: rows_of(pages, entity) for entity in (Entity.ORDER, Entity.ORDER_LINE)}
    parts = {(Decimal(row["discount"]) > 0, Decimal(row["coupon"]) > 0) for row in orders[Entity.ORDER]}
    assert parts == {(False, False), (True, False), (True, True)}
    assert all(Decimal(row["coupon"]) <= Decimal(row["discount"]) for row in orders[Entity.ORDER])
    assert {row["device"] for row in orders[Entity.ORDER]} == {"phone", "computer", None}
    assert {"M", "38"} < {row["size"] for row in orders[Entity.ORDER_LINE]}


def test_a_first_load_gives_every_order_made_in_its_window_in_few_calls(client, shop, tmp_path):
    window = Window(ANCHOR - timedelta(days=120), NOW)
    pages = list(TaobaoSource(shop, client).read(Entity.ORDER, window))
    orders = rows_of(pages, Entity.ORDER)
    world = World(Origin(7, ANCHOR), Journal(tmp_path / "nothing"))
    # The archive and the current list meet within this window.
    made = world.created(int(window.start.timestamp()), int(window.end.timestamp()) - 1, int(ANCHOR.timestamp()))
    assert {str(now.order.tid) for now in made} <= {row["order_id"] for row in orders}
    assert len(made) > 3000
    assert client.calls < 120
    assert {row["kind"] for row in orders} == {"normal", "cash_on_delivery", "price_difference", "presale"}
    assert {row["payment_state"] for row in orders} == {"none", "under_way", "deposit_paid", "paid"}
    assert {row["source"] for row in orders} == {"app", "web", "partner", "flash_sale"}
    assert all(row["customer_id"] and row["oaid"] for row in orders)
    assert {row["state"] for row in rows_of(pages, Entity.REFUND)} == {"asked", "succeeded", "refused"}


def test_an_order_reads_as_it_stands(client, sandbox, shop):
    made = sandbox.control("POST", "/control/world/order", {"buyer": 5, "source": "JHS", "at": NOW.isoformat()})
    source = TaobaoSource(shop, client)
    window = Window(NOW - timedelta(minutes=5), ANCHOR)
    found = {row["order_id"]: row for row in rows_of(source.read(Entity.ORDER, window), Entity.ORDER)}
    row = found[str(made["tid"])]
    assert (row["source"], row["payment_state"], row["paid_at"]) == ("flash_sale", "none", None)
    closes = datetime.fromisoformat(row["closes_at"]) - datetime.fromisoformat(row["created_at"])
    assert closes == timedelta(minutes=30)
    sandbox.control("POST", "/control/world/close", {"tid": str(made["tid"]), "at": ANCHOR.isoformat()})
    later = Window(ANCHOR, ANCHOR + timedelta(minutes=1))
    (row,) = [r for r in rows_of(source.read(Entity.ORDER, later), Entity.ORDER) if r["order_id"] == str(made["tid"])]
    assert datetime.fromisoformat(row["closed_at"]) == ANCHOR


def test_orders_that_change_between_two_pages_are_not_lost(client, sandbox, shop):
    day = Window(ANCHOR - timedelta(hours=12), ANCHOR)
    at_clock(sandbox, ANCHOR)
    there = {row["tid"] for rows in rows_within(client, CHANGED, day, fields="tid,modified") for row in rows}
    assert len(there) > 200  # several pages
    ticking = _Ticking(client, sandbox)
    during = {row["tid"] for rows in rows_within(ticking, CHANGED, day, fields="tid,modified") for row in rows}
    assert during < there  # some did change and leave
    next_one = Window(day.end, ticking.now + timedelta(seconds=1))
    after = {row["tid"] for rows in rows_within(client, CHANGED, next_one, fields="tid,modified") for row in rows}
    assert there <= during | after


class _Ticking:
    """A client whose platform lives on for ten minutes between two calls."""

    def __init__(self, client: TopClient, sandbox: Sandbox) -> None:
        self._client, self._sandbox, self.now = client, sandbox, ANCHOR

    def call(self, method: str, **business: str | int) -> Any:
        answer = self._client.call(method, **business)
        self.now += timedelta(minutes=10)
        at_clock(self._sandbox, self.now)
        return answer


def test_orders_the_platform_lists_late_come_with_the_overlap_of_the_next_window(client, sandbox, shop):
    overlap = shop.sources["order"].overlap
    faults(sandbox, late_arrivals={"share": 0.5, "lag_s": int(overlap.total_seconds()) - 30})
    first = Window(NOW - timedelta(minutes=30), NOW)
    source = TaobaoSource(shop, client)
    soon = {row["order_id"] for row in rows_of(source.read(Entity.ORDER, first), Entity.ORDER)}
    at_clock(sandbox, ANCHOR + timedelta(minutes=5))
    second = Window(first.end - overlap, first.end + timedelta(minutes=5))
    later = {row["order_id"] for row in rows_of(source.read(Entity.ORDER, second), Entity.ORDER)}
    faults(sandbox, late_arrivals=None)
    everything = {row["order_id"] for row in rows_of(source.read(Entity.ORDER, first), Entity.ORDER)}
    assert everything <= soon | later
    assert not everything <= soon  # without the overlap some would be lost


def test_parcels_and_their_scans_conform(resolve, shop):
    window = Window(ANCHOR - timedelta(minutes=10), ANCHOR)
    rows = conforms(lambda: open_source(shop, Entity.SHIPMENT, resolve), Entity.SHIPMENT, window)
    shipments = [dict(row) for row in rows[Entity.SHIPMENT]]
    events = [dict(row) for row in rows[Entity.TRACKING_EVENT]]
    assert {row["shipment_id"] for row in events} <= {row["shipment_id"] for row in shipments}
    assert all(row["tracking_no"] and row["carrier"] and row["shipped_at"] for row in shipments)
    assert {row["state"] for row in events} >= {"label_created", "picked_up", "in_transit"}
    assert all(datetime.fromisoformat(row["happened_at"]) <= ANCHOR for row in events)


def test_a_first_load_traces_recent_parcels_alone(client, shop):
    asked = _Counting(client)
    source = TaobaoSource(shop, asked)
    window = Window(ANCHOR - timedelta(days=400), ANCHOR)
    trades = [trade for trades in source._shipped(window) for trade in trades]
    oldest = min(datetime.fromisoformat(f"{trade['consign_time']}+08:00") for trade in trades)
    assert oldest >= ANCHOR - timedelta(days=30)
    assert 500 < len(trades) < 2000
    assert "taobao.trades.sold.history.get" not in asked.methods


class _Counting:
    def __init__(self, client: TopClient) -> None:
        self._client, self.methods = client, []

    def call(self, method: str, **business: str | int) -> Any:
        self.methods.append(method)
        return self._client.call(method, **business)


@pytest.mark.parametrize("simplify", ["false", "true"])
def test_both_shapes_of_json_are_understood(client, simplify):
    window = Window(ANCHOR - timedelta(minutes=20), ANCHOR)
    rows = [
        row
        for rows in rows_within(client, CHANGED, window, fields="tid,modified,orders", simplify=simplify)
        for row in rows
    ]
    assert len(rows) > 3
    assert all(str(row["tid"]).isdecimal() for row in rows)


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
def test_the_platform_takes_each_signature(resolve, method):
    given = resolve("sandbox_platform")
    signed = ConnectionInfo(
        given.conn_id, login=given.login, password=given.password, extra={**given.extra, "sign_method": method}
    )
    assert "total_results" in TopClient(Credentials.of(signed)).call(METHOD, **ASK, buyer_nick="小明")


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        ({"down": {"count": 1}}, [0.5]),
        ({"http500": {"count": 2}}, [0.5, 1.0]),
        ({"reset": {"count": 1}}, [0.5]),
        ({"system_busy": {"count": 1}}, [0.5]),
        ({"throttled": {"value": 3, "count": 2}}, [3.0, 3.0]),
        ({"slow": {"value": 2.5, "count": 1}}, [0.5]),
    ],
    ids=["down", "500", "reset", "busy", "throttled", "slow"],
)
def test_trouble_that_passes_is_waited_out(client, sandbox, waits, fault, waited):
    faults(sandbox, **fault)
    assert "total_results" in client.call(METHOD, **ASK)
    # Seen once on a machine at its limit: a strike of the fault went to a request nobody waited for any more.
    assert waits
    assert waits == waited[: len(waits)]


@pytest.mark.parametrize("fault", ["down", "http500", "reset", "system_busy", "throttled"])
def test_trouble_that_stays_makes_the_source_unavailable(client, sandbox, shop, waits, fault):
    faults(sandbox, **{fault: True})
    with pytest.raises(SourceUnavailable) as caught:
        list(TaobaoSource(shop, client).read(Entity.ORDER, Window(NOW - timedelta(minutes=5), NOW)))
    assert "taobao.trades.sold.increment.get" in str(caught.value)
    assert len(waits) == 4


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [("wrong_signature", "check app key, app secret"), ("expired_session", "authorise the shop again")],
)
def test_what_a_person_has_to_mend_stops_at_once(client, sandbox, shop, waits, fault, remedy):
    faults(sandbox, **{fault: True})
    with pytest.raises(SourceRefused, match=remedy):
        list(TaobaoSource(shop, client).read(Entity.ORDER, Window(NOW - timedelta(minutes=5), NOW)))
    assert waits == []


@pytest.mark.parametrize(("part", "code"), [("password", "error 25"), ("session", "error 27"), ("login", "error 29")])
def test_wrong_credentials_are_refused_and_not_repeated_in_the_message(resolve, part, code):
    given = resolve("sandbox_platform")
    wrong = {"login": given.login, "password": given.password, "extra": dict(given.extra)}
    if part == "session":
        wrong["extra"]["session"] = "6100-not-mine"
    else:
        wrong[part] = "12-not-mine"
    client = TopClient(Credentials.of(ConnectionInfo(given.conn_id, **wrong)))
    with pytest.raises(SourceRefused, match=code) as caught:
        client.call(METHOD, **ASK)
    assert "not-mine" not in str(caught.value)
    assert str(given.extra["session"]) not in str(caught.value)


def test_a_method_or_parameter_the_platform_does_not_take_is_an_error_of_ours(client, waits):
    with pytest.raises(SourceError, match="error 22"):
        client.call("taobao.no.such.method")
    with pytest.raises(SourceError, match=r"error 4[01]"):
        client.call("taobao.trades.sold.increment.get", fields="tid")
    assert waits == []


def test_a_platform_that_is_gone_is_unavailable(resolve, waits):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/router/rest"  # bound, not listening
        client = TopClient(Credentials(url, "k", "s", "t"), pause=waits.append)
        with pytest.raises(SourceUnavailable, match="ConnectionError"):
            client.call(METHOD, **ASK)
    assert len(waits) == 4


def test_the_member_list_reads_by_its_mapping(resolve, sandbox, shop):
    folder = json.loads(sandbox.connections()["sandbox_files"])["extra"]["folder"]
    assert list(Path(folder).glob("members/members_*.csv.gz"))
    window = Window(ANCHOR - timedelta(days=400), ANCHOR)
    pages = list(open_source(shop, Entity.MEMBER, resolve).read(Entity.MEMBER, window))
    members = rows_of(pages, Entity.MEMBER)
    # Tests before may have had the list exported anew: the same members in another file.
    assert 1_800 < len({row["customer_id"] for row in members}) < 2_400
    assert not [bad for page in pages for bad in page.malformed]
    assert {row["sms_promotional"] for row in members} == {"true", "false", None}
    assert any(row["phone"] for row in members)
    assert any(row["email"] for row in members)
    read = frozenset((page.file.path, page.file.digest) for page in pages if page.file)
    again = open_source(shop, Entity.MEMBER, resolve, already_read=read)
    assert rows_of(again.read(Entity.MEMBER, window), Entity.MEMBER) == []


def test_a_nickname_with_line_breaks_and_formulas_arrives_whole(resolve, sandbox, shop):
    name = '{{7*7}}<script>\r\nBcc: x"=cmd()'
    sandbox.control("POST", "/control/world/member", {"nickname": name, "phone": "19000004242", "at": NOW.isoformat()})
    sandbox.control("POST", "/control/exports", {"at": (ANCHOR + timedelta(hours=1)).isoformat()})
    window = Window(ANCHOR - timedelta(days=400), ANCHOR)
    pages = list(open_source(shop, Entity.MEMBER, resolve).read(Entity.MEMBER, window))
    names = {row["display_name"] for row in rows_of(pages, Entity.MEMBER)}
    assert name.replace("\r\n", "\n") in names
    assert not [bad for page in pages for bad in page.malformed]


@pytest.mark.parametrize("kind", ["fenxiao", "pre_auth_type"])
def test_a_trade_of_any_type_arrives(client, sandbox, shop, kind):
    entry = {"buyer": 5, "type": kind, "at": NOW.isoformat()}
    made = sandbox.control("POST", "/control/world/order", entry)
    window = Window(NOW - timedelta(minutes=5), ANCHOR)
    rows = rows_of(TaobaoSource(shop, client).read(Entity.ORDER, window), Entity.ORDER)
    assert made["tid"] in {row["order_id"] for row in rows}
