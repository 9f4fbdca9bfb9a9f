"""The parcels of a trade and what the carrier scanned on their way."""

from __future__ import annotations

from dataclasses import dataclass

from touchpoint.sandbox.world.catalogue import CARRIERS, PROVINCES
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE, dice, number
from touchpoint.sandbox.world.order import Kind, Standing, What


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel: which lines of the trade are in it."""

    place: int
    company: str
    out_sid: str
    shipped_at: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """One entry of a parcel's log; `action` in the platform's words."""

    at: int
    action: str
    text: str


def parcels(now: Standing) -> list[Parcel]:
    """The parcels that have left by then; a price-difference link has none."""
    order = now.order
    if order.kind is Kind.DIFFERENCE:
        return []
    rest = tuple(range(len(order.lines)))
    first = now.when(What.PART_SHIPPED)
    if order.is_split:
        found = [_parcel(now, 0, first, rest[:1])] if first else []
        return [*found, _parcel(now, 1, now.when(What.SHIPPED), rest[1:])] if now.when(What.SHIPPED) else found
    return [_parcel(now, 0, now.when(What.SHIPPED), rest)] if now.when(What.SHIPPED) else []


def _parcel(now: Standing, place: int, shipped_at: int, lines: tuple[int, ...]) -> Parcel:
    carrier = CARRIERS[now.order.carrier]
    again = ["again"] if now.when(What.RENUMBERED) else []
    digits = str(number("parcel", now.order.tid, place, *again) % 10**13).zfill(13)
    return Parcel(place, carrier.name, f"{carrier.prefix}{digits}", shipped_at, lines)


def scans(now: Standing, parcel: Parcel, at: int) -> list[Scan]:
    """What had been scanned by `at`, oldest first. A lost parcel goes silent; a late one stands still for days."""
    return [scan for scan in _journey(now, parcel) if scan.at <= at]


def _journey(now: Standing, parcel: Parcel) -> list[Scan]:
    order = now.order
    if order.logs:
        return [Scan(stop.at, stop.action, stop.text) for stop in order.logs[parcel.place]]
    luck = dice("journey", order.tid, parcel.place)
    province, company = PROVINCES[order.province], parcel.company
    start = parcel.shipped_at
    end = order.delivered_at or start + 6 * DAY
    got = start + int(min(luck.uniform(1, 9) * HOUR, 0.3 * (end - start)))
    log = [
        Scan(start - 3 * MINUTE, "CREATE", "商家已打印面单"),
        Scan(start, "CONSIGN", "包裹正在等待揽收"),
        Scan(got, "GOT", f"【杭州市】{company} 余杭网点 已揽收"),
    ]
    span = end - got
    left = Scan(got + int(span * 0.12), "DEPARTURE", "【杭州市】快件离开 杭州转运中心")
    if order.mishap == "lost":
        return [*log, left, Scan(end, "LOST", "快件遗失，已登记")]
    # A late parcel stands still between two hubs: nothing is scanned for most of its way.
    hub, city = (0.86, 0.93) if order.mishap == "delayed" else (0.6, 0.8)
    log += [
        left,
        Scan(got + int(span * hub), "ARRIVAL", f"【{province.city}】快件到达 {province.city}转运中心"),
        Scan(got + int(span * city), "SENT_CITY", f"【{province.city}】快件离开转运中心，发往派送网点"),
    ]
    if order.mishap == "refused" or not order.delivered_at:
        return [
            *log,
            Scan(end, "SENT_SCAN", f"【{province.city}】派送中"),
            Scan(end + 4 * HOUR, "FAILED", "收件人拒收"),
        ]
    out = max(end - int(luck.uniform(2, 6) * HOUR), log[-1].at)
    return [
        *log,
        Scan(out, "SENT_SCAN", f"【{province.city}】快递员正在派送"),
        Scan(end, "SIGNED", "您的快件已签收"),
    ]
