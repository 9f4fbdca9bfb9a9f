"""Rows nobody wants: for every landing column what is good, and what has been seen, or could be, in its place."""

from __future__ import annotations

import random
from collections.abc import Callable

from touchpoint.column_rules import RULES, Kind
from touchpoint.model import Entity

SHARE_OF_BAD_ROWS = 0.1
"""Below what stops a run (config/quality.yaml): a source that sends nothing but rubbish is to stop it."""

_MEGABYTE = "w" * (1 << 20)
_WIDE = "".join(random.Random(3).choices([chr(code) for code in range(0x4E00, 0x9FA5)], k=3000))
ODD: list[bytes] = [
    *(text.encode() for text in (_WIDE, "a\rb", "a\x01b", "\x1b[2J", "\u202egift", "\u2066x\u2069", "\x85", "\u2028")),
    *(text.encode() for text in ("\\.", "\\N", '"', "'; DROP TABLE x --", "{{7*7}}", "%s %(x)s", "$1", "\ufeff")),
    ("😀" * 300).encode(),
    *(text.encode() for text in ("NaN", "-NaN", "Infinity", "-inf", "1e400", "-1e-400", "0x1F", "1_000", "١٢٣", "½")),
    *(("9" * digits).encode() for digits in (9, 10, 11, 13, 14, 17, 19, 20, 25, 38, 40, 60, 1000, 20_000)),
    *(("-" + "9" * digits).encode() for digits in (1, 17, 19, 40)),
    *(text.encode() for text in ("0." + "0" * 17_000 + "1", "1." + "0" * 20_000, "0" * 500 + "1", "+5", ".5")),
    b"5.", b"1.005",
    *(
        text.encode()
        for text in (
            "2026-02-30", "0000-00-00", "2026-13-01T00:00:00Z", "2026-11-20T25:61:61+08:00",
            "2026-11-20T09:00:00+99:99",
            "294277-01-01T00:00:00Z", "4714-11-24T00:00:00 BC", "2020-01-01T00:00:00 BC+00:00", "infinity", "now",
            "2026-11-20T09:00:00", "2199-12-31T23:59:59.999999-15:59", "1970-01-01T00:00:00+15:59", "9999-12-31",
        )
    ),
    b"a\x00b", b"\xed\xa0\x80", b"\xff\xfe", b"\xc3(", b"\xf5\x80\x80\x80",
]  # fmt: skip
"""Text for any column; the last are no UTF-8, or hold a NUL."""

_GOOD: dict[Kind, Callable[[int], str]] = {
    Kind.KEY: lambda at: f"k{at}",
    Kind.WORD: lambda at: f"word{at % 5}",
    Kind.ADDRESS: lambda at: f"+86138{at:08d}",
    Kind.NAME: lambda at: f"name {at % 7}",
    Kind.TEXT: lambda at: f"text\t{at}",
    Kind.INSTANT: lambda at: f"2026-11-{at % 19 + 1:02d}T09:00:00+08:00",
    Kind.DAY: lambda at: f"1990-01-{at % 28 + 1:02d}",
    Kind.MONEY: lambda at: f"{at % 900}.50",
    Kind.PRICE: lambda at: f"{at % 900}.125",
    Kind.COUNT: lambda at: ("1", "2", "0.35")[at % 3],
    Kind.SECONDS: lambda at: f"{at % 600}.5",
    Kind.PAGES: lambda at: str(at % 9),
    Kind.FLAG: lambda at: ("true", "false")[at % 2],
    Kind.CURRENCY: lambda at: "CNY",
}
_WORDS = {
    (Entity.MEMBER, "gender"): "female",
    (Entity.MEMBER, "email"): "a@sandbox.invalid",
    (Entity.ORDER, "kind"): "normal",
    (Entity.ORDER, "payment_state"): "paid",
    (Entity.ORDER_LINE, "kind"): "goods",
    (Entity.ORDER_LINE, "priced"): "",
    (Entity.REFUND, "state"): "succeeded",
    (Entity.REFUND, "priced"): "",
    (Entity.PAYMENT, "state"): "succeeded",
    (Entity.TRACKING_EVENT, "state"): "in_transit",
    (Entity.REVIEW, "score"): "5",
    (Entity.INQUIRY, "kind"): "inquiry",
}


def rows_of(entity: Entity, number: int, seed: int) -> list[dict[str, bytes]]:
    """So many rows of an entity, a part of them with one to three cells that hold something odd."""
    dice = random.Random(f"{entity} {seed}")
    # Each seed has keys of its own: two exports that say two things of one version contradict each other.
    return [_row(entity, seed * number + at, dice) for at in range(number)]


def _row(entity: Entity, at: int, dice: random.Random) -> dict[str, bytes]:
    row = {name: _good(entity, name, rule.kind, at) for name, rule in RULES[entity].items()}
    if dice.random() < SHARE_OF_BAD_ROWS:
        for name in dice.sample(sorted(row), dice.randint(1, 3)):
            row[name] = _MEGABYTE.encode() if dice.random() < 0.002 else dice.choice(ODD)
    return row


def _good(entity: Entity, name: str, kind: Kind, at: int) -> bytes:
    if (entity, name) in _WORDS:
        return _WORDS[entity, name].encode()
    if name == "paid_at":
        return b"2026-11-19T10:00:00+08:00"
    if name == "customer_id" and entity is not Entity.MEMBER:
        return f"k{at % 50}".encode()  # members there are
    return _GOOD[kind](at).encode()
