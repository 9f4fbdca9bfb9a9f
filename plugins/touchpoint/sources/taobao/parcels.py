"""Parcels of a trade and their scans, from the platform's logistics trace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from touchpoint.sources.taobao.answers import CallRefusedError, listed
from touchpoint.sources.taobao.paging import Caller, Trade
from touchpoint.sources.taobao.trades import Row, instant, text

TRACE = "taobao.logistics.trace.get"
"""All parcels of a trade; `trace.search` tells of one alone."""

_STATES = {
    "CREATE": "label_created",
    "CONSIGN": "label_created",  # the seller clicked `ship`: no carrier has seen it
    "GOT": "picked_up",
    "ACCEPT": "picked_up",
    "ARRIVAL": "in_transit",
    "DEPARTURE": "in_transit",
    "TO_EMS": "in_transit",
    "SENT_CITY": "arrived_city",
    "SENT_SCAN": "out_for_delivery",
    "INBOUND": "ready_for_pickup",
    "SIGNED": "delivered",
    "LOST": "lost",
}
_REFUSED = ("拒收", "拒签")
_BACK = ("退回", "退件")


def parcel_rows(caller: Caller, trade: Trade, until: datetime) -> tuple[list[Row], list[Row]]:
    """landing.shipment and landing.tracking_event of a shipped trade, as its trace stood at an instant.

    Scans later than `until` are left for the next look: what a run reads is then a function of its window, however late
    it runs.

    The parcel's id is the trade's and the tracking number's: a trade may go in several parcels, and one number may
    serve several trades. The trace's own `status` is not used: for parcels consigned offline it says "signed" at once.
    """
    try:
        parcels = listed(caller.call(TRACE, tid=str(trade.get("tid"))).get("result"))
    except CallRefusedError:  # nothing is known of it yet, or it is no parcel at all
        parcels = []
    shipments: list[Row] = []
    events: list[Row] = []
    for parcel in parcels or _by_lines(trade):
        shipment_id = _shipment_id(trade, parcel)
        shipments.append(_shipment(trade, parcel, shipment_id))
        scans = (_event(step, shipment_id) for step in listed(parcel.get("trace_list")))
        events += [scan for scan in scans if not _is_after(scan["happened_at"], until)]
    return shipments, events


def ends_of_replaced(trade: Trade, shipments: list[Row], known: Iterable[str], until: datetime) -> list[Row]:
    """landing.tracking_event: an end for each parcel we hold for open that the trade goes in no more.

    A seller who corrects a tracking number makes another parcel of it; nobody scans the old one again, nor tells its
    end. Where the trade names no number at all, nothing is known and nothing ends.

    Args:
        trade: shipped, as it stands.
        shipments: its parcels, as `parcel_rows` has them.
        known: ids of its parcels that are open as far as we know.
        until: changes of the trade later than that are left for the next look.
    """
    at = instant(trade.get("modified"))
    if not any(row["tracking_no"] for row in shipments) or _is_after(at, until):
        return []
    of_lines = {_shipment_id(trade, parcel) for parcel in _by_lines(trade)}
    named = of_lines | {row["shipment_id"] for row in shipments}
    words = "replaced by another tracking number"
    return [
        {"shipment_id": gone, "happened_at": at, "state": "cancelled", "description": words}
        for gone in sorted(set(known) - named)
    ]


def state_of(action: Any, description: str) -> str:
    """Our word for a scan; `other` for one without, so that a new action of the platform's loses nothing."""
    known = str(action or "").upper()
    if any(word in description for word in _BACK) and known in ("SIGNED", "OTHER", "FAILED", ""):
        return "returned" if known == "SIGNED" else "returning"  # no action of its own: its words tell
    if known == "FAILED":  # delivery failed, or the receiver said no
        return "refused" if any(word in description for word in _REFUSED) else "attempt_failed"
    return _STATES.get(known, "other")


def _is_after(told: str | None, until: datetime) -> bool:
    try:
        return told is not None and datetime.fromisoformat(told) > until
    except (TypeError, ValueError):
        return False  # no instant: landed as it came, for the gate to judge


def _by_lines(trade: Trade) -> list[dict[str, Any]]:
    """The parcels as the lines name them, where the trace is silent."""
    found: dict[str, dict[str, Any]] = {}
    for line in listed(trade.get("orders")):
        number = text(line.get("invoice_no"))
        if number:
            found.setdefault(number, {"out_sid": number, "company_name": line.get("logistics_company")})
    return list(found.values())


def _shipment_id(trade: Trade, parcel: dict[str, Any]) -> str:
    number = text(parcel.get("out_sid"))
    return f"{trade.get('tid')}-{number}" if number else str(trade.get("tid"))


def _shipment(trade: Trade, parcel: dict[str, Any], shipment_id: str) -> Row:
    number = text(parcel.get("out_sid"))
    own = (line for line in listed(trade.get("orders")) if number and text(line.get("invoice_no")) == number)
    consigned = next((line["consign_time"] for line in own if line.get("consign_time")), trade.get("consign_time"))
    return {
        "shipment_id": shipment_id,
        "order_id": text(trade.get("tid")),
        "carrier": text(parcel.get("company_name")),
        "tracking_no": number,
        "region": text(trade.get("receiver_state")),
        "shipped_at": instant(consigned),
        "modified_at": instant(trade.get("modified")),
    }


def _event(step: dict[str, Any], shipment_id: str) -> Row:
    description = text(step.get("status_desc"))
    return {
        "shipment_id": shipment_id,
        "happened_at": instant(step.get("status_time")),
        "state": state_of(step.get("action"), description or ""),
        "description": description,
    }
