"""A trade of the platform as rows of landing: the order and its lines; and a refund.

Readings that are ours:
- `total` is the trade's `payment`: what the buyer has to pay or paid, discounts off, freight included. `paid` is the
  same once the trade is paid, and the deposit before that; what the seller received so far is another matter.
- a trade is paid when it has a `pay_time`, but for a pre-sale whose deposit alone is paid.
- `timeout_action_time` is the end of whatever the trade waits for, so it closes the order only while that is payment.
- a refund happens when it is asked for, until it is settled: from then on, when that was.
"""

from __future__ import annotations

import re
from typing import Any

from touchpoint.sources.taobao.answers import CallRefusedError, listed
from touchpoint.sources.taobao.discounts import FULLINFO, coupon, discount
from touchpoint.sources.taobao.paging import Caller, Trade

Row = dict[str, str | None]

FIELDS = (
    "tid,status,type,created,pay_time,consign_time,end_time,modified,timeout_action_time,payment,post_fee,"
    "discount_fee,promotion_details,"
    "step_trade_status,step_paid_fee,trade_from,buyer_open_uid,ouid,oaid,receiver_state,receiver_city,receiver_name,"
    "receiver_address,receiver_mobile,receiver_phone,orders"
)
"""The receiver's fields come masked and are not kept; without asking for them the platform sends no oaid."""
REFUND_FIELDS = "refund_id,tid,oid,status,refund_fee,created,modified"
TYPES = (
    "fixed,auction,guarantee_trade,step,independent_simple_trade,independent_shop_trade,auto_delivery,ec,cod,"
    "game_equipment,shopex_trade,netcn_trade,external_trade,instant_trade,b2c_cod,hotel_trade,super_market_trade,"
    "super_market_cod_trade,taohua,waimai,nopaid,eticket,tmall_i18n,o2o_offlinetrade,fenxiao,pre_auth_type"
)
"""All of them: without `type` the platform leaves out whole kinds of trade."""
DIFFERENCE_TITLES = ("补差价", "差价", "补拍", "补邮费", "邮费链接", "运费链接")
"""A trade whose every line says one of these is a link to pay a difference, not a purchase."""

_TIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
_AWAITS_PAYMENT = frozenset({"TRADE_NO_CREATE_PAY", "WAIT_BUYER_PAY", "PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM"})
_UNDER_WAY = frozenset({"PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM"})
_CLOSED = frozenset({"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"})
_DEPOSIT_ONLY = frozenset({"FRONT_PAID_FINAL_NOPAID", "FRONT_PAID_FRONT_FORFEITED"})
_SOURCES = (("JHS", "flash_sale"), ("WAP", "app"), ("HITAO", "web"), ("TAOBAO", "web"), ("TOP", "partner"))
_DEVICES = (("WAP", "phone"), ("TAOBAO", "computer"))
_SIZES = frozenset({"尺码", "尺寸", "鞋码", "参考身高"})
_REFUND_STATES = {
    "SUCCESS": "succeeded",
    "CLOSED": "refused",
    "SELLER_REFUSE_BUYER": "refused",
    "WAIT_SELLER_AGREE": "asked",
    "WAIT_BUYER_RETURN_GOODS": "asked",
    "WAIT_SELLER_CONFIRM_GOODS": "asked",
}


def text(value: Any) -> str | None:
    """A value as landing text: numbers in full, nothing for an empty one."""
    return None if value is None or value == "" else str(value)


def instant(value: Any) -> str | None:
    """The platform's local time (GMT+8 always) as ISO 8601; anything else stays as it came."""
    given = text(value)
    return f"{given[:10]}T{given[11:]}+08:00" if given and _TIME.match(given) else given


def whole_trade(caller: Caller, order_id: str) -> Trade | None:
    """A trade by its id, as it stands now; None where the platform knows no such trade."""
    try:
        answer = caller.call(FULLINFO, tid=order_id, fields=FIELDS, include_oaid="true")
    except CallRefusedError:
        return None
    trade: Trade | None = answer.get("trade")
    return trade


def order_row(trade: Trade, currency: str) -> Row:
    """landing.order."""
    status = trade.get("status")
    paid_at = _paid_at(trade)
    ended = instant(trade.get("end_time"))
    return {
        "order_id": text(trade.get("tid")),
        "customer_id": text(trade.get("ouid")) or text(trade.get("buyer_open_uid")),
        "oaid": text(trade.get("oaid")),
        "source": _source(trade),
        "kind": _kind(trade),
        "payment_state": _payment_state(trade, paid_at),
        "created_at": instant(trade.get("created")),
        "paid_at": paid_at,
        "closes_at": instant(trade.get("timeout_action_time")) if status in _AWAITS_PAYMENT else None,
        "closed_at": (ended or instant(trade.get("modified"))) if status in _CLOSED else None,
        "shipped_at": instant(trade.get("consign_time")),
        "finished_at": ended if status == "TRADE_FINISHED" else None,
        "total": text(trade.get("payment")),
        "paid": _paid(trade, paid_at),
        "discount": discount(trade),
        "coupon": coupon(trade),
        "currency": currency,
        "item_count": _item_count(trade),
        "region": text(trade.get("receiver_state")),
        "city": text(trade.get("receiver_city")),
        "device": _device(trade),
        "modified_at": instant(trade.get("modified")),
    }


def line_rows(trade: Trade, currency: str) -> list[Row]:
    """landing.order_line, one per sub-order."""
    return [
        {
            "order_id": text(trade.get("tid")),
            "line_id": text(line.get("oid")),
            "product_id": text(line.get("num_iid")),
            "sku_id": text(line.get("sku_id")),
            "title": text(line.get("title")),
            "quantity": text(line.get("num")),
            "price": text(line.get("price")),
            "net": _net(line),
            "size": _size(line),
            "currency": currency,
            "modified_at": instant(trade.get("modified")),
        }
        for line in listed(trade.get("orders"))
    ]


def refund_row(refund: Trade, currency: str) -> Row:
    """landing.refund, from the list of refunds: trades do not tell what a refund is worth."""
    status = str(refund.get("status"))
    state = _REFUND_STATES.get(status, status)
    return {
        "refund_id": text(refund.get("refund_id")),
        "order_id": text(refund.get("tid")),
        "amount": text(refund.get("refund_fee")),
        "currency": currency,
        "state": state,
        "happened_at": instant(refund.get("created" if state == "asked" else "modified")),
        "modified_at": instant(refund.get("modified")),
    }


def _net(line: dict[str, Any]) -> str | None:
    return text(line.get("divide_order_fee")) or text(line.get("payment")) or text(line.get("total_fee"))


def _source(trade: Trade) -> str:
    marks = _marks(trade)
    return next((ours for theirs, ours in _SOURCES if theirs in marks), "default")


def _device(trade: Trade) -> str | None:
    """What it was ordered with, as far as `trade_from` tells: WAP is the app, TAOBAO the plain web site."""
    marks = _marks(trade)
    return next((ours for theirs, ours in _DEVICES if theirs in marks), None)


def _marks(trade: Trade) -> list[str]:
    return str(trade.get("trade_from") or "").upper().split(",")


def _size(line: dict[str, Any]) -> str | None:
    """The size among the properties of a line's sku, as in 颜色分类:银色;尺码:M."""
    properties = (each.partition(":") for each in str(line.get("sku_properties_name") or "").split(";"))
    return next((value for name, _, value in properties if name in _SIZES and value), None)


def _kind(trade: Trade) -> str:
    kind = str(trade.get("type") or "")
    titles = [str(line.get("title") or "") for line in listed(trade.get("orders"))]
    if kind == "cod" or kind.endswith("_cod") or "_cod_" in kind:
        return "cash_on_delivery"
    if titles and all(any(word in title for word in DIFFERENCE_TITLES) for title in titles):
        return "price_difference"
    return "presale" if kind == "step" and trade.get("step_trade_status") != "FRONT_PAID_FINAL_PAID" else "normal"


def _paid_at(trade: Trade) -> str | None:
    return None if trade.get("step_trade_status") in _DEPOSIT_ONLY else instant(trade.get("pay_time"))


def _payment_state(trade: Trade, paid_at: str | None) -> str:
    if trade.get("step_trade_status") in _DEPOSIT_ONLY:
        return "deposit_paid"
    if paid_at:
        return "paid"
    return "under_way" if trade.get("status") in _UNDER_WAY else "none"


def _paid(trade: Trade, paid_at: str | None) -> str | None:
    if paid_at:
        return text(trade.get("payment"))
    return text(trade.get("step_paid_fee")) if trade.get("step_trade_status") in _DEPOSIT_ONLY else None


def _item_count(trade: Trade) -> str | None:
    """Pieces over all lines: the trade's own `num` means nothing when it has several."""
    try:
        counts = [int(str(line.get("num"))) for line in listed(trade.get("orders"))]
    except ValueError:
        return None
    return str(sum(counts)) if counts else None
