"""The platform's side over real sockets: what it refuses, how it pages, what it hides, and how it fails on demand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.sandbox_calls import ALL_TYPES, call, error_of, modified_between, post, signed_call, tids, top_time
from tests.sandbox_process import ANCHOR, Sandbox

from touchpoint.clock import real_now

INCREMENT = "taobao.trades.sold.increment.get"
HALF_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sign": "0" * 64}, (200, 25, "")),
        ({"sign": ""}, (200, 24, "")),
        ({"app_key": "1"}, (200, 29, "")),
        ({"v": "1.0"}, (200, 34, "")),
        ({"timestamp": "2026-11-20"}, (200, 31, "")),
    ],
)
def test_a_call_that_is_not_in_order_is_refused(
    sandbox: Sandbox, change: dict[str, str], expected: tuple[int, int, str]
) -> None:
    params = signed_call("taobao.trade.fullinfo.get", tid=1, fields="tid")
    assert error_of(sandbox, {**params, **change}) == expected


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("taobao.nothing.get", {}, (200, 22, "")),
        (INCREMENT, {"session": None}, (200, 26, "")),
        (INCREMENT, {"session": "old"}, (200, 27, "invalid-sessionkey")),
        (INCREMENT, {"secret": "wrong"}, (200, 25, "")),
        (INCREMENT, {"sign_method": "hmac", "timestamp": "2020-01-01 00:00:00"}, (200, 31, "")),
        (INCREMENT, {"fields": "tid"}, (200, 40, "")),
        ("taobao.trade.fullinfo.get", {"fields": "tid", "tid": 12}, (200, 15, "isv.trade-not-exist")),
        ("taobao.trade.fullinfo.get", {"fields": "tid"}, (200, 40, "isv.missing-parameter:tid")),
    ],
)
def test_each_error_has_the_code_of_the_platforms_list(
    sandbox: Sandbox, method: str, params: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    assert error_of(sandbox, signed_call(method, **params)) == expected


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
def test_all_three_ways_to_sign_are_taken_up_to_ten_minutes_off(sandbox: Sandbox, sign_method: str) -> None:
    told = modified_between(
        sandbox,
        ANCHOR - HALF_HOUR,
        ANCHOR,
        sign_method=sign_method,
        timestamp=top_time(real_now() - timedelta(minutes=9)),
    )
    assert tids(told)


def test_lists_come_wrapped_twice_and_simplified_on_request(sandbox: Sandbox) -> None:
    window = {"start_modified": top_time(ANCHOR - HALF_HOUR), "end_modified": top_time(ANCHOR)}
    params = {**window, "fields": "tid,orders", "type": ALL_TYPES}
    whole = post(sandbox, signed_call(INCREMENT, **params)).json()["trades_sold_increment_get_response"]
    simple = post(sandbox, signed_call(INCREMENT, **params, simplify="true")).json()
    assert [t["tid"] for t in simple["trades"]] == tids(whole)
    assert simple["trades"][0]["orders"] == whole["trades"]["trade"][0]["orders"]["order"]


def test_who_forgets_to_ask_for_json_gets_xml(sandbox: Sandbox) -> None:
    response = post(sandbox, signed_call("taobao.nothing.get", format=None))
    assert response.headers["content-type"].startswith("text/xml")
    assert "<error_response><code>22</code>" in response.text


def test_the_total_is_told_only_to_who_does_not_ask_for_has_next(sandbox: Sandbox) -> None:
    start = ANCHOR - timedelta(hours=12)
    counted = modified_between(sandbox, start, ANCHOR, page_size=1, fields="tid")
    total = counted["total_results"]
    assert total > 100
    assert "has_next" not in counted
    pages = [
        modified_between(sandbox, start, ANCHOR, page_size=50, page_no=number, use_has_next="true")
        for number in range(1, total // 50 + 2)
    ]
    assert [page["has_next"] for page in pages] == [True] * (len(pages) - 1) + [False]
    assert all("total_results" not in page for page in pages)
    found = [tid for page in pages for tid in tids(page)]
    assert len(found) == len(set(found)) == total
    stamps = [trade["modified"] for page in pages for trade in page["trades"]["trade"]]
    assert stamps == sorted(stamps, reverse=True)


def test_a_window_of_more_than_a_day_and_a_page_of_more_than_a_hundred_are_refused(sandbox: Sandbox) -> None:
    def code(**params: Any) -> tuple[int, int, str]:
        window = {"start_modified": top_time(ANCHOR - timedelta(days=1)), "end_modified": top_time(ANCHOR)}
        return error_of(sandbox, signed_call(INCREMENT, **{"fields": "tid", **window, **params}))

    refused = (200, 41, "isv.invalid-parameter")
    assert code(end_modified=top_time(ANCHOR + timedelta(seconds=1))) == refused
    assert code(end_modified=top_time(ANCHOR - timedelta(days=2))) == refused
    assert code(page_size=101) == refused
    assert code(page_no=0) == refused


def test_paging_upwards_skips_a_row_when_a_trade_changes_and_paging_downwards_does_not(sandbox: Sandbox) -> None:
    clock = ANCHOR + timedelta(hours=30, minutes=10)  # away from what other tests look at
    sandbox.control("POST", "/control/clock", {"at": clock.isoformat()})
    buyer = {"buyer": 500, "at": (clock - timedelta(minutes=5)).isoformat()}
    forced = int(sandbox.control("POST", "/control/world/order", buyer)["tid"])

    def page(number: int) -> list[int]:
        return tids(modified_between(sandbox, clock - HALF_HOUR, clock, page_size=20, page_no=number))

    def pay_one() -> None:
        later = clock + timedelta(seconds=30)
        sandbox.control("POST", "/control/clock", {"at": later.isoformat()})
        sandbox.control("POST", "/control/world/pay", {"tid": str(forced)})

    before = [page(number) for number in (1, 2, 3)]
    assert forced in before[0]
    assert len(before[2]) > 1
    pay_one()
    skipped = before[1][0]
    assert skipped not in page(2)  # who had read page 1 and goes on with page 2 never sees it
    assert skipped in page(1)  # who comes from page 2 and goes on with page 1 does


def test_the_default_types_leave_a_kind_of_trade_out(sandbox: Sandbox) -> None:
    window = (ANCHOR - timedelta(days=1), ANCHOR)
    everything = modified_between(sandbox, *window, page_size=1)["total_results"]
    by_default = modified_between(sandbox, *window, page_size=1, type=None)["total_results"]
    assert 0 < by_default < everything


def test_one_status_or_group_of_them_can_be_asked_for(sandbox: Sandbox) -> None:
    window = (ANCHOR - timedelta(days=1), ANCHOR)
    for status, among in (
        ("WAIT_BUYER_PAY", {"WAIT_BUYER_PAY"}),
        ("ALL_CLOSED", {"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"}),
    ):
        trades = modified_between(sandbox, *window, status=status)["trades"]["trade"]
        assert {trade["status"] for trade in trades} <= among
        assert trades


def test_a_window_without_trades_has_no_list_at_all(sandbox: Sandbox) -> None:
    told = modified_between(sandbox, ANCHOR + timedelta(days=9), ANCHOR + timedelta(days=9, hours=1))
    assert told["total_results"] == 0
    assert "trades" not in told


def test_the_lists_by_creation_meet_three_months_ago_without_a_gap(sandbox: Sandbox) -> None:
    def between(method: str, start: timedelta, end: timedelta) -> set[int]:
        window = {"start_created": top_time(ANCHOR - start), "end_created": top_time(ANCHOR - end)}
        return set(tids(call(sandbox, method, fields="tid", type=ALL_TYPES, page_size=100, **window)))

    recent = between("taobao.trades.sold.get", timedelta(days=92), timedelta(days=90))
    old = between("taobao.trades.sold.history.get", timedelta(days=92), timedelta(days=90))
    assert recent == old
    assert recent
    too_old = {"start_created": top_time(ANCHOR - timedelta(days=120)), "fields": "tid"}
    assert error_of(sandbox, signed_call("taobao.trades.sold.get", **too_old)) == (200, 41, "isv.invalid-parameter")


def test_buyers_are_masked_and_their_handle_comes_only_with_the_receivers_fields(sandbox: Sandbox) -> None:
    receiver = "created,receiver_name,receiver_address,receiver_mobile,receiver_phone"
    fields = f"tid,oaid,ouid,buyer_nick,buyer_open_uid,{receiver}"
    trade = modified_between(sandbox, ANCHOR - HALF_HOUR, ANCHOR, fields=fields)["trades"]["trade"][0]
    assert trade["buyer_nick"].endswith("**")
    assert trade["receiver_name"].endswith("**")
    assert trade["receiver_mobile"].startswith("*******")
    assert len(trade["oaid"]) <= 128
    assert trade["ouid"] != trade["buyer_open_uid"]
    bare = modified_between(sandbox, ANCHOR - HALF_HOUR, ANCHOR, fields="tid,oaid,ouid")["trades"]["trade"][0]
    assert set(bare) == {"tid", "ouid"}
    whole = {"tid": trade["tid"], "fields": fields}
    assert "oaid" not in call(sandbox, "taobao.trade.fullinfo.get", **whole)["trade"]
    assert call(sandbox, "taobao.trade.fullinfo.get", include_oaid="true", **whole)["trade"]["oaid"] == trade["oaid"]


def test_the_handle_changes_from_week_to_week_and_the_buyers_key_does_not(sandbox: Sandbox) -> None:
    fields = "tid,oaid,ouid,created,receiver_name,receiver_address,receiver_mobile,receiver_phone"
    tid = tids(modified_between(sandbox, ANCHOR - HALF_HOUR, ANCHOR))[0]

    def whole() -> dict[str, Any]:
        return call(sandbox, "taobao.trade.fullinfo.get", tid=tid, fields=fields, include_oaid="true")["trade"]

    now = whole()
    sandbox.control("POST", "/control/clock", {"at": (ANCHOR + timedelta(days=7)).isoformat()})
    later = whole()
    assert later["oaid"] != now["oaid"]
    assert later["ouid"] == now["ouid"]


def test_money_adds_up(sandbox: Sandbox) -> None:
    fields = "tid,payment,total_fee,post_fee,discount_fee,orders"
    window = (ANCHOR - timedelta(hours=12), ANCHOR)
    for trade in modified_between(sandbox, *window, fields=fields)["trades"]["trade"]:
        fen = {name: round(float(trade[name]) * 100) for name in ("payment", "total_fee", "post_fee", "discount_fee")}
        assert fen["payment"] == fen["total_fee"] - fen["discount_fee"] + fen["post_fee"]
        net = sum(round(float(line["divide_order_fee"]) * 100) for line in trade["orders"]["order"])
        assert net + fen["post_fee"] == fen["payment"]


def test_promotions_add_up_to_the_discount_and_only_the_whole_trade_tells_them(sandbox: Sandbox) -> None:
    window = (ANCHOR - timedelta(hours=6), ANCHOR)
    fields = "tid,discount_fee,promotion_details"
    trades = modified_between(sandbox, *window, fields=fields)["trades"]["trade"]
    assert not any("promotion_details" in trade for trade in trades)
    for trade in trades[:40]:
        whole = call(sandbox, "taobao.trade.fullinfo.get", tid=trade["tid"], fields=fields)["trade"]
        told = whole.get("promotion_details", {}).get("promotion_detail", [])
        assert sum(float(each["discount_fee"]) for each in told) == float(trade["discount_fee"])
        assert {each["promotion_id"].partition("-")[0] for each in told} <= {"mjs", "shopbonus"}


def test_traces_tell_of_every_parcel_and_end_at_the_clock(sandbox: Sandbox) -> None:
    window = (ANCHOR - timedelta(days=1), ANCHOR)
    shipped = modified_between(sandbox, *window, status="WAIT_BUYER_CONFIRM_GOODS", fields="tid,orders,consign_time")
    for trade in shipped["trades"]["trade"][:20]:
        traces = call(sandbox, "taobao.logistics.trace.get", tid=trade["tid"]).get("result", {})
        numbers = {line["invoice_no"] for line in trade["orders"]["order"] if "invoice_no" in line}
        parcels = traces.get("transit_step_result", [])
        assert {parcel["out_sid"] for parcel in parcels} == numbers
        for parcel in parcels:
            times = [step["status_time"] for step in parcel["trace_list"]["transit_step_info"]]
            assert times == sorted(times)
            assert times[-1] <= top_time(ANCHOR)
    one = call(sandbox, "taobao.logistics.trace.search", tid=shipped["trades"]["trade"][0]["tid"])
    assert one["trace_list"]["transit_step_info"][0]["action"] == "CREATE"


def test_refunds_are_listed_by_their_last_change(sandbox: Sandbox) -> None:
    told = call(
        sandbox,
        "taobao.refunds.receive.get",
        fields="refund_id,tid,status,modified,refund_fee",
        start_modified=top_time(ANCHOR - timedelta(days=20)),
        end_modified=top_time(ANCHOR),
    )
    refunds = told["refunds"]["refund"]
    assert told["total_results"] >= len(refunds) > 10
    assert [r["modified"] for r in refunds] == sorted((r["modified"] for r in refunds), reverse=True)
    assert {r["status"] for r in refunds} >= {"SUCCESS"}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"throttled": 3}, (200, 7, "accesscontrol.limited-by-app-api-access-count")),
        ({"system_busy": True}, (200, 15, "isp.system-busy")),
        ({"wrong_signature": True}, (200, 25, "")),
        ({"expired_session": True}, (200, 27, "session-expired")),
    ],
)
def test_an_error_on_demand_strikes_as_often_as_asked(
    sandbox: Sandbox, fault: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    ((name, value),) = fault.items()
    sandbox.control("POST", "/control/faults", {"platform": {name: {"value": value, "count": 2}}})
    params = signed_call("taobao.nothing.get")
    assert [error_of(sandbox, params)[1] for _ in range(3)] == [expected[1], expected[1], 22]
    sandbox.control("POST", "/control/faults", {"platform": fault})
    assert error_of(sandbox, params) == expected


def test_a_ban_tells_how_long_it_lasts(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/control/faults", {"platform": {"throttled": 3}})
    told = post(sandbox, signed_call("taobao.nothing.get")).json()["error_response"]
    assert told["sub_msg"] == "This ban will last for 3 more seconds"


def test_the_platform_can_be_down_broken_torn_and_slow(sandbox: Sandbox) -> None:
    params = signed_call("taobao.nothing.get")
    sandbox.control("POST", "/control/faults", {"platform": {"down": True}})
    assert post(sandbox, params).status_code == 503
    sandbox.control("POST", "/control/faults", {"platform": {"down": None, "http500": True}})
    assert post(sandbox, params).status_code == 500
    sandbox.control("POST", "/control/faults", {"platform": {"http500": None, "reset": True}})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(sandbox, params)
    sandbox.control("POST", "/control/faults", {"platform": {"reset": None, "slow": 5}})
    with pytest.raises(requests.ReadTimeout):
        post(sandbox, params, timeout=0.2)
    sandbox.control("POST", "/control/faults", {"platform": None})
    assert post(sandbox, params).status_code == 200


def test_late_arrivals_reach_the_list_only_after_their_lag(sandbox: Sandbox) -> None:
    window = (ANCHOR - timedelta(minutes=10), ANCHOR)
    everything = set(tids(modified_between(sandbox, *window)))
    sandbox.control("POST", "/control/faults", {"platform": {"late_arrivals": {"share": 0.5, "lag_s": 900}}})
    at_once = set(tids(modified_between(sandbox, *window)))
    assert at_once < everything
    clock = ANCHOR + timedelta(seconds=900)
    sandbox.control("POST", "/control/clock", {"at": clock.isoformat()})
    later = tids(modified_between(sandbox, *window))
    sandbox.control("DELETE", "/control/faults")
    assert later == tids(modified_between(sandbox, *window))


def test_an_unknown_fault_is_refused_by_name(sandbox: Sandbox) -> None:
    response = requests.post(f"{sandbox.url}/control/faults", json={"platform": {"sloow": 1}}, timeout=30)
    assert response.status_code == 400
    assert "unknown fault 'sloow'" in response.json()["error"]
