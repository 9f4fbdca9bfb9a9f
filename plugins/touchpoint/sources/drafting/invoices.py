"""Files of invoice lines: an order per invoice, its lines, and the documents that cancel some of them."""

from __future__ import annotations

import re
from typing import Any

from touchpoint.sources.drafting.draft import Desk, Entity, Export, Given

_GOODS_ARE_NUMBERED = 0.95


def invoices(desk: Desk) -> list[Export]:
    """Orders, lines and refunds of a file that has a line per article."""
    order = desk.roles["order_id"]
    prefix = _cancelling(desk)
    bought = [{"column": order, "no_prefix": prefix}] if prefix else []
    entities = {"order": _orders(desk, bought), "order_line": _lines(desk, bought)}
    if prefix:
        entities["refund"] = _refunds(desk, prefix)
    desk.export.entities.update(entities)
    return [desk.export]


def _orders(desk: Desk, bought: list[dict[str, Any]]) -> Entity:
    column, entity = desk.column, Entity(where=list(bought), group_by=desk.column("order_id"))
    price = column("price")
    if price and _has_free_lines(desk):
        entity.where.append({"column": price, "above": 0})
    entity.put("order_id", column("order_id"))
    entity.put("customer_id", column("customer_id"))
    entity.put("created_at", column("created_at"))
    paid_at = column("paid_at")
    entity.put(
        "paid_at", paid_at or column("created_at"), "" if paid_at else "an invoice counts as paid when it is made"
    )
    total = _take(_net(desk))
    entity.put("total", total)
    entity.put("paid", column("paid") or total, "" if column("paid") else "an invoice counts as paid in full")
    entity.put("item_count", _take(column("quantity")) if column("quantity") else None, "services count too: `when`")
    desk.money(entity)
    for name in ("region", "city"):
        entity.put(name, column(name))
    if _repeats(desk):
        entity.distinct = list(desk.profile.columns)
    return entity


def _lines(desk: Desk, bought: list[dict[str, Any]]) -> Entity:
    column, entity = desk.column, Entity(where=list(bought))
    entity.put("order_id", column("order_id"))
    if column("line_no"):
        entity.put("line_id", column("line_no"))
    else:
        entity.put("line_id", _digest(desk), "lines have no id: two that say the same are one")
    if _repeats(desk):
        entity.put("line_digest", _digest(desk), "some lines stand twice: the second is quarantined as a duplicate")
    if _has_free_lines(desk):
        entity.put("priced", {"constant": "true"}, "some prices are 0 or less: those lines are quarantined")
    entity.put("product_id", column("product_id"))
    entity.put("title", column("title"))
    services = _services(desk)
    if services:
        words = dict.fromkeys(services, "service")
        kind = {"from": column("product_id"), "words": words, "otherwise": "goods"}
        entity.put("kind", kind, "codes without a digit, where nearly all have some: fees, postage and the like?")
    entity.put("quantity", column("quantity") or {"constant": "1"})
    entity.put("price", column("price"))
    entity.put("net", _net(desk))
    desk.money(entity)
    entity.put("modified_at", column("created_at"))
    return entity


def _refunds(desk: Desk, prefix: str) -> Entity:
    column, order = desk.column, desk.roles["order_id"]
    entity = Entity(where=[{"column": order, "prefix": prefix}])
    entity.put("refund_id", _digest(desk), f"{order} with {prefix} have pieces below 0: taken as cancelling documents")
    if _repeats(desk):
        entity.put("line_digest", _digest(desk))
    entity.put("customer_id", column("customer_id"))
    net = _net(desk)
    if isinstance(net, dict):
        entity.put("amount", {**net, "product": [*net["product"], -1]})
    else:
        entity.put("amount", {"product": [net, -1], "decimals": 2})
    entity.put("state", {"constant": "succeeded"})
    entity.put("happened_at", column("created_at"))
    desk.money(entity)
    return entity


def _net(desk: Desk) -> Given:
    price, quantity, total = (desk.column(role) for role in ("price", "quantity", "total"))
    if price and quantity and not total:
        return {"product": [quantity, price], "decimals": 2}
    return total or price or {"constant": "0"}


def _take(given: Given | None) -> dict[str, Any]:
    return {**({"from": given} if isinstance(given, str) else given or {}), "take": "sum"}


def _digest(desk: Desk) -> dict[str, Any]:
    return {"digest": list(desk.profile.columns)}


def _repeats(desk: Desk) -> bool:
    return bool(desk.profile.frame.duplicated().any())


def _has_free_lines(desk: Desk) -> bool:
    price = desk.column("price")
    return bool(price and (desk.profile.numbers(price) <= 0).any())


def _cancelling(desk: Desk) -> str | None:
    """The letters before a number of the documents that alone have pieces, or amounts, below 0."""
    measure = desk.column("quantity") or desk.column("total")
    if not measure:
        return None
    ids = desk.profile.frame[desk.roles["order_id"]].astype("string").str.strip()
    letters = ids.str.extract(r"^([A-Za-z]+)\d")[0]
    below = desk.profile.numbers(measure) < 0
    for prefix in letters.dropna().unique():
        if below[letters == prefix].mean() > _GOODS_ARE_NUMBERED:
            return str(prefix)
    return None


def _services(desk: Desk) -> list[str]:
    product = desk.column("product_id")
    codes = sorted(set(desk.profile.texts(product))) if product else []
    odd = [code for code in codes if not re.search(r"\d\d", code)]
    return odd if 0 < len(odd) <= 50 and len(odd) < (1 - _GOODS_ARE_NUMBERED) * len(codes) else []
