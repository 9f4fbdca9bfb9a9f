"""The methods the platform's side answers: trades by creation and by change, one trade whole, traces, refunds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from touchpoint.sandbox.faults import Fault, Faults
from touchpoint.sandbox.platform.protocol import (
    Answer,
    Params,
    PlatformError,
    invalid,
    page_of,
    read_fields,
    read_time,
    shown_time,
    yuan,
)
from touchpoint.sandbox.platform.trades import DEFAULT_TYPES, STATUS_GROUPS, oid_of, product_of, refund_id, shown_trade
from touchpoint.sandbox.world.dice import DAY, number
from touchpoint.sandbox.world.lives import LONGEST
from touchpoint.sandbox.world.order import Standing, What
from touchpoint.sandbox.world.parcels import Parcel, parcels, scans
from touchpoint.sandbox.world.shop import World

RECENT = 93 * DAY
"""Three months, at their longest, and a day: what sold.get reaches back."""

HISTORY_FROM, HISTORY_TO = 88 * DAY, 731 * DAY
"""history.get tells what is older than three months, at their shortest less a day, and younger than two years."""


@dataclass(frozen=True)
class Call:
    """One call: its parameters, and the platform's clock in seconds since 1970."""

    world: World
    faults: Faults
    params: Params
    at: int


def sold(call: Call) -> Answer:
    """taobao.trades.sold.get: by creation, both ends included, latest first, within the last three months."""
    start, end = read_time(call.params, "start_created"), read_time(call.params, "end_created")
    start = call.at - RECENT if start is None else start
    if start < call.at - RECENT:
        raise invalid("start_created", "only the last three months")
    return _listed(call, call.world.created(start, call.at if end is None else end, call.at))


def sold_history(call: Call) -> Answer:
    """taobao.trades.sold.history.get: by creation, three months to two years ago."""
    start, end = read_time(call.params, "start_created"), read_time(call.params, "end_created")
    if start is None or end is None:
        raise PlatformError(40, "Missing Required Arguments:start_created,end_created")
    if start < call.at - HISTORY_TO or end < start:
        raise invalid("start_created", "at most two years back, before end_created")
    return _listed(call, call.world.created(start, min(end, call.at - HISTORY_FROM), call.at))


def sold_increment(call: Call) -> Answer:
    """taobao.trades.sold.increment.get: by last change, both ends included, latest first, span at most a day.

    A trade that changes again leaves the closed window: who pages upwards meanwhile misses a row at a page's edge.
    """
    start, end = read_time(call.params, "start_modified"), read_time(call.params, "end_modified")
    if start is None or end is None:
        raise PlatformError(40, "Missing Required Arguments:start_modified,end_modified")
    if not 0 <= end - start <= DAY:
        raise invalid("end_modified", "after start_modified, by at most one day")
    trades = call.world.modified(start, end, call.at)
    fault = call.faults.strikes("platform", "late_arrivals")
    return _listed(call, trades if fault is None else [now for now in trades if not _is_late(now, call.at, fault)])


def fullinfo(call: Call) -> Answer:
    """taobao.trade.fullinfo.get: one trade whole; its oaid only for who passes include_oaid."""
    fields = read_fields(call.params) - (set() if call.params.get("include_oaid") else {"oaid"})
    return {"trade": shown_trade(call.world, _trade(call), fields, call.at, is_full=True)}


def trace_search(call: Call) -> Answer:
    """taobao.logistics.trace.search: the trace of one parcel; of a split trade the one that holds sub_tid."""
    now = _trade(call)
    found = parcels(now)
    wanted = {text.strip() for text in call.params.get("sub_tid", "").split(",")} - {""}
    if wanted:
        found = [each for each in found if wanted & {str(oid_of(now, place)) for place in each.lines}]
    if not found:
        raise PlatformError(15, "Remote service error", "isv.logistics-order-not-found", "no parcel of this trade")
    return _trace(now, found[0], call.at)


def trace_get(call: Call) -> Answer:
    """taobao.logistics.trace.get: the traces of all parcels of a trade."""
    now = _trade(call)
    found = [_trace(now, each, call.at) for each in parcels(now)]
    return {"result": {"transit_step_result": found}} if found else {}


def refunds_received(call: Call) -> Answer:
    """taobao.refunds.receive.get: refunds by last change, latest first."""
    fields = read_fields(call.params)
    start, end = read_time(call.params, "start_modified"), read_time(call.params, "end_modified")
    start, end = call.at - 90 * DAY if start is None else start, min(call.at if end is None else end, call.at)
    trades = call.world.created(start - LONGEST, end, call.at)
    rows = [row for now in trades if (row := _refund(call.world, now)) and start <= row[0] <= end]
    if wanted := call.params.get("status"):
        rows = [row for row in rows if row[1]["status"] == wanted]
    rows.sort(key=lambda row: (row[0], row[1]["refund_id"]), reverse=True)
    page, rest = page_of(rows, call.params)
    shown = [{name: value for name, value in row.items() if name in fields} for _, row in page]
    return {**({"refunds": {"refund": shown}} if shown else {}), **rest}


METHODS: dict[str, Callable[[Call], Answer]] = {
    "taobao.trades.sold.get": sold,
    "taobao.trades.sold.history.get": sold_history,
    "taobao.trades.sold.increment.get": sold_increment,
    "taobao.trade.fullinfo.get": fullinfo,
    "taobao.logistics.trace.search": trace_search,
    "taobao.logistics.trace.get": trace_get,
    "taobao.refunds.receive.get": refunds_received,
}


def _listed(call: Call, trades: list[Standing]) -> Answer:
    fields = read_fields(call.params)
    types = frozenset(filter(None, call.params.get("type", "").split(","))) or DEFAULT_TYPES
    if "guarantee_trade" in types:
        types |= {"fixed", "auction"}
    wanted = call.params.get("status", "")
    statuses = STATUS_GROUPS.get(wanted, frozenset({wanted}))
    rows = [now for now in trades if now.order.trade_type in types and (not wanted or now.status in statuses)]
    page, rest = page_of(rows, call.params)
    shown = [shown_trade(call.world, now, fields, call.at, is_full=False) for now in page]
    # The platform leaves an empty list out.
    return {**({"trades": {"trade": shown}} if shown else {}), **rest}


def _is_late(now: Standing, at: int, fault: Fault) -> bool:
    is_chosen = number("late", now.order.tid, now.modified) % 1000 < float(fault.get("share", 0.2)) * 1000
    return is_chosen and at < now.modified + float(fault.get("lag_s", 300))


def _trade(call: Call) -> Standing:
    tid = call.params.get("tid", "")
    if not tid:
        raise PlatformError(40, "Missing Required Arguments:tid", "isv.missing-parameter:tid")
    now = call.world.trade(int(tid), call.at) if tid.isdecimal() else None
    if now is None:
        raise PlatformError(15, "Remote service error", "isv.trade-not-exist", "no such trade")
    return now


def _trace(now: Standing, parcel: Parcel, at: int) -> Answer:
    log = scans(now, parcel, at)
    steps = [{"status_time": shown_time(s.at), "status_desc": s.text, "action": s.action} for s in log]
    words = {"SIGNED": "对方已签收", "FAILED": "对方拒绝签收", "CREATE": "等候发送给物流公司"}
    status = words.get(log[-1].action, "物流公司揽收成功") if log else words["CREATE"]
    answer = {"tid": now.order.tid, "out_sid": parcel.out_sid, "company_name": parcel.company, "status": status}
    return {**answer, **({"trace_list": {"transit_step_info": steps}} if steps else {})}


def _refund(world: World, now: Standing) -> tuple[int, Answer] | None:
    asked = now.when(What.REFUND_ASKED)
    if not asked:
        return None
    changes = (What.REFUND_ASKED, What.REFUND_AGREED, What.REFUND_REFUSED, What.REFUNDED)
    modified = max(now.when(what) for what in changes)
    line = now.order.lines[0]
    amount = now.order.payment if len(now.order.lines) == 1 else line.price * line.count
    buyer = world.buyers.buyer(now.order.buyer)
    return modified, {
        "refund_id": refund_id(now),
        "tid": now.order.tid,
        "oid": oid_of(now, 0),
        "num_iid": product_of(line)[0],
        "title": product_of(line)[1],
        "status": now.refund_status,
        "order_status": now.status,
        "refund_fee": yuan(amount),
        "total_fee": yuan(now.order.payment),
        "payment": yuan(now.order.payment - amount),
        "created": shown_time(asked),
        "modified": shown_time(modified),
        "refund_phase": "aftersale" if now.when(What.FINISHED) and now.when(What.FINISHED) < asked else "onsale",
        "has_good_return": bool(now.when(What.REFUND_AGREED)),
        "good_status": "BUYER_RECEIVED" if now.when(What.REFUND_AGREED) else "BUYER_NOT_RECEIVED",
        "reason": "不想要了",
        "ouid": buyer.ouid,
        "buyer_open_uid": buyer.open_uid,
        "buyer_nick": f"{buyer.nickname[0]}**",
    }
