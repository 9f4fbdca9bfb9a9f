"""A trade as the platform shows it to an application: masked, with the buyer's stable key and the order's handle."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from touchpoint.sandbox.platform.protocol import shown_time, yuan
from touchpoint.sandbox.world.buyers import Buyer
from touchpoint.sandbox.world.catalogue import PRICE_DIFFERENCE, PRODUCTS, PROVINCES, SOURCES
from touchpoint.sandbox.world.dice import letters
from touchpoint.sandbox.world.order import Kind, Line, Order, Standing, What
from touchpoint.sandbox.world.parcels import parcels
from touchpoint.sandbox.world.shop import World
from touchpoint.sandbox.world.tastes import size_of

OAID_DEMANDS = frozenset({"receiver_name", "receiver_address", "created", "receiver_mobile", "receiver_phone"})
DETAILS = frozenset({"buyer_message", "seller_memo", "promotion_details", "service_orders", "receiver_town"})
"""Only fullinfo.get tells these."""

DEFAULT_TYPES = frozenset({"guarantee_trade", "auto_delivery", "ec", "cod", "step"})
STATUS_GROUPS = {
    "ALL_WAIT_PAY": frozenset({"WAIT_BUYER_PAY", "TRADE_NO_CREATE_PAY"}),
    "ALL_CLOSED": frozenset({"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"}),
}


def shown_trade(world: World, now: Standing, fields: frozenset[str], at: int, *, is_full: bool) -> dict[str, Any]:
    """The fields asked for that have a value. `tid` and `oid` are numbers, as on the platform."""
    names = {name.partition(".")[0] for name in fields}
    if not is_full:
        names -= DETAILS
    buyer = world.buyers.buyer(now.order.buyer)
    whole = {**_head(now), **_money(now), **_receiver(now, buyer)}
    if "oaid" in names and names >= OAID_DEMANDS:
        whole["oaid"] = oaid(world, now, at)
    trade = {name: value for name, value in whole.items() if name in names and value not in (None, "")}
    if "orders" in names:
        trade["orders"] = {"order": shown_lines(now, fields)}
    return trade


def oaid(world: World, now: Standing, at: int) -> str:
    """The order-bound handle: another one each natural week."""
    week = datetime.fromtimestamp(at, UTC).isocalendar()
    return "1" + letters(60, world.origin.seed, "oaid", now.order.tid, week.year, week.week)


def _head(now: Standing) -> dict[str, Any]:
    order = now.order
    is_open = not now.when(What.PAID) and not now.when(What.CLOSED) and order.kind is not Kind.COD
    end = now.when(What.FINISHED) or now.when(What.CLOSED)
    if now.status == "TRADE_CLOSED":
        end = now.when(What.REFUNDED)
    return {
        "tid": order.tid,
        "tid_str": str(order.tid),
        "type": order.trade_type,
        "status": now.status,
        "step_trade_status": now.step_status,
        "trade_from": SOURCES[order.source].code,
        "created": shown_time(order.created),
        "modified": shown_time(now.modified),
        "pay_time": _time(now.when(What.PAID)),
        "consign_time": _time(now.when(What.PART_SHIPPED) or now.when(What.SHIPPED)),
        "end_time": _time(end),
        "timeout_action_time": shown_time(order.closes_at) if is_open else None,
        "num": sum(line.count for line in order.lines),
        "num_iid": product_of(order.lines[0])[0],
        "title": "模拟旗舰店",
        "seller_nick": "模拟旗舰店",
        "seller_flag": 1 if now.when(What.MEMO) else 0,
        "seller_memo": "已联系买家" if now.when(What.MEMO) else None,
        "buyer_rate": False,
        "seller_rate": False,
        "shipping_type": "virtual" if order.kind is Kind.DIFFERENCE else "express",
    }


def _money(now: Standing) -> dict[str, Any]:
    order = now.order
    is_settled = bool(now.when(What.FINISHED))
    return {
        "payment": yuan(order.payment),
        "total_fee": yuan(order.goods),
        "post_fee": yuan(order.post_fee),
        "discount_fee": yuan(order.discount),
        "adjust_fee": "0.00",
        "received_payment": yuan(order.payment) if is_settled else "0.00",
        "step_paid_fee": yuan(order.payment // 5) if now.when(What.DEPOSIT) else None,
        "price": yuan(order.lines[0].price),
        "promotion_details": {"promotion_detail": _promotions(order)} if order.discount else None,
    }


def _promotions(order: Order) -> list[dict[str, Any]]:
    """What was taken off, by tool: money off from an amount on, and the shop's coupons."""
    parts = (
        ("满减优惠", "mjs-880012300_20260001", order.discount - order.coupon),
        ("店铺优惠券", f"shopbonus-770045600_{order.tid % 1_000_000}-9001", order.coupon),
    )
    return [
        {
            "id": order.tid,
            "promotion_name": name,
            "promotion_desc": f"{name}:省{yuan(fen)}元",
            "promotion_id": tool,
            "discount_fee": yuan(fen),
        }
        for name, tool, fen in parts
        if fen
    ]


def _receiver(now: Standing, buyer: Buyer) -> dict[str, Any]:
    province = PROVINCES[now.order.province]
    return {
        "buyer_nick": f"{buyer.nickname[0]}**",
        "buyer_open_uid": buyer.open_uid,
        "ouid": buyer.ouid,
        "receiver_state": province.name,
        "receiver_city": province.city,
        "receiver_district": province.districts[buyer.number % len(province.districts)],
        "receiver_town": "**街道",
        "receiver_name": f"{buyer.name[0]}**",
        "receiver_mobile": f"*******{buyer.number % 10000:04d}",
        "receiver_phone": None,
        "receiver_address": "**路**号**室",
    }


def shown_lines(now: Standing, fields: frozenset[str]) -> list[dict[str, Any]]:
    """The trade's lines; all their fields, or those named `orders.x`."""
    names = {name.partition(".")[2] for name in fields if name.startswith("orders.")} - {"order", ""}
    lines = [_line(now, place) for place in range(len(now.order.lines))]
    if not names or "orders" in fields:
        return lines
    return [{name: value for name, value in line.items() if name in names} for line in lines]


def _line(now: Standing, place: int) -> dict[str, Any]:
    order, line = now.order, now.order.lines[place]
    num_iid, title, sku = product_of(line)
    size = size_of(order.buyer, order.tid, line)
    gross = line.price * line.count
    share = _discount_share(now, place)
    refund = now.refund_status if place == 0 else "NO_REFUND"
    parcel = next((each for each in parcels(now) if place in each.lines), None)
    is_closed = refund == "SUCCESS"
    whole: dict[str, Any] = {
        "oid": oid_of(now, place),
        "oid_str": str(oid_of(now, place)),
        "num_iid": num_iid,
        "sku_id": str(num_iid * 10 + line.sku),
        "outer_iid": f"SB{num_iid % 1000000:06d}",
        "outer_sku_id": f"SB{num_iid % 1000000:06d}-{line.sku}",
        "title": title,
        "sku_properties_name": f"颜色分类:{sku};尺码:{size}" if size else f"颜色分类:{sku}",
        "price": yuan(line.price),
        "num": line.count,
        # A single-line trade's line carries the freight too; lines of others do not.
        "payment": yuan(gross - share + (order.post_fee if len(order.lines) == 1 else 0)),
        "divide_order_fee": yuan(gross - share),
        "total_fee": yuan(gross),
        "discount_fee": "0.00",
        "adjust_fee": "0.00",
        "part_mjz_discount": yuan(share),
        "refund_status": refund,
        "refund_id": refund_id(now) if place == 0 and now.when(What.REFUND_ASKED) else None,
        "status": "TRADE_CLOSED" if is_closed else now.status,
        "logistics_company": parcel.company if parcel else None,
        "invoice_no": parcel.out_sid if parcel else None,
        "consign_time": shown_time(parcel.shipped_at) if parcel else None,
        "end_time": _time(now.when(What.REFUNDED) if is_closed else now.when(What.FINISHED)),
        "cid": 50010850,
        "is_free_gift": False,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _discount_share(now: Standing, place: int) -> int:
    order = now.order
    shares = [order.discount * line.price * line.count // max(order.goods, 1) for line in order.lines]
    shares[0] += order.discount - sum(shares)
    return shares[place]


def product_of(line: Line) -> tuple[int, str, str]:
    """(num_iid, title, sku name) of a line."""
    product = PRODUCTS[line.product] if line.product >= 0 else PRICE_DIFFERENCE
    return product.num_iid, product.title, product.skus[line.sku]


def oid_of(now: Standing, place: int) -> int:
    """A line's number: the trade's own for a single-line trade."""
    return now.order.tid if len(now.order.lines) == 1 else now.order.tid + place + 1


def refund_id(now: Standing) -> str:
    """The number of a trade's refund (of its first line)."""
    return str(now.order.tid // 10 + 7)


def _time(epoch: int) -> str | None:
    return shown_time(epoch) if epoch else None
