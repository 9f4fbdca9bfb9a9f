"""What service agents say of customers, read from a CSV file. Every line is kept, there already, or refused by number.

What is written stays text: nothing of it is ever computed, rendered or run.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from touchpoint.db import Transaction
from touchpoint.errors import TouchpointError
from touchpoint.settings import ManualTag, Shop

COLUMNS = ("customer", "tag", "value", "author", "at", "withdrawn")
OPTIONAL = frozenset({"withdrawn"})
LONGEST = 60
"""Characters of a value of one's own words, and of an author."""
_YES, _NO = frozenset({"yes", "true", "是"}), frozenset({"", "no", "false", "否"})


@dataclass(frozen=True)
class Said:
    """One line that can be taken; value is None where what was said before is withdrawn."""

    line: int
    customer_id: str
    tag: str
    value: str | None
    author: str
    happened_at: datetime


@dataclass(frozen=True)
class Refused:
    """One line that cannot be taken, and why."""

    line: int
    reason: str


@dataclass(frozen=True)
class Imported:
    """What became of a file: lines = added + unchanged + refused; the heading and empty lines are none."""

    lines: int
    added: int
    unchanged: int
    refused: list[Refused]


def bring_in(
    tx: Transaction, *, shop: Shop, text: str, vocabulary: Mapping[str, ManualTag], as_of: datetime
) -> Imported:
    """Keep what a CSV file says of customers of a shop; the same file again adds nothing.

    Args:
        tx: an open transaction.
        shop: the shop; its zone is that of times without an offset.
        text: the file: a heading and lines of customer, tag, value, author, at and, if need be, withdrawn.
        vocabulary: the tags agents may give, with the values of each.
        as_of: the instant of the import, aware: when it is known; what was said later than it is refused.

    Raises:
        TouchpointError: the heading does not name the columns.
    """
    read = list(_read(text, shop, vocabulary, as_of))
    taken = [line for line in read if isinstance(line, Said)]
    refused = [line for line in read if isinstance(line, Refused)]
    numbers = _customers(tx, shop, as_of, taken)
    good = [said for said in taken if numbers.get(said.customer_id)]
    refused += [
        Refused(said.line, _why_not(said.customer_id, numbers)) for said in taken if not numbers.get(said.customer_id)
    ]
    added = tx.count(
        "tagging/keep_manual",
        shop_id=shop.id,
        as_of=as_of,
        customer_nos=[numbers[said.customer_id] for said in good],
        tags=[said.tag for said in good],
        said_values=[said.value for said in good],
        authors=[said.author for said in good],
        instants=[said.happened_at for said in good],
    )
    return Imported(len(read), added, len(good) - added, sorted(refused, key=lambda each: each.line))


def _customers(tx: Transaction, shop: Shop, as_of: datetime, taken: list[Said]) -> dict[str, int | None]:
    """Customer id -> number; a guest has none."""
    wanted = sorted({said.customer_id for said in taken})
    found = tx.many("tagging/customers", shop_id=shop.id, as_of=as_of, customer_ids=wanted)
    return {row["customer_id"]: None if row["is_guest"] else row["customer_no"] for row in found}


def _why_not(customer_id: str, numbers: Mapping[str, int | None]) -> str:
    is_guest = customer_id in numbers
    return f"{customer_id!r} is a guest: it names nobody" if is_guest else f"no customer {customer_id!r} of this shop"


def _read(text: str, shop: Shop, vocabulary: Mapping[str, ManualTag], as_of: datetime) -> Iterator[Said | Refused]:
    records = _records(text)
    heading = next(records, None)
    names = [cell.strip().lower() for cell in heading[1]] if heading and isinstance(heading[1], list) else []
    if not set(COLUMNS) - OPTIONAL <= set(names) <= set(COLUMNS) or len(set(names)) != len(names):
        raise TouchpointError(
            f"the heading names {', '.join(names) or 'nothing'}",
            place="line 1",
            remedy=f"name {', '.join(COLUMNS)}, each once; {', '.join(OPTIONAL)} may be left out",
        )
    for line, cells in records:
        if not isinstance(cells, list):
            yield Refused(line, cells)
        elif len(cells) != len(names):
            yield Refused(line, f"{len(cells)} values, the heading has {len(names)}")
        else:
            given = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
            try:
                yield _said(line, given, shop, vocabulary, as_of)
            except ValueError as error:
                yield Refused(line, str(error))


def _records(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Number of its first line, and the cells of each record, or why there are none; empty lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            upto = f" (up to line {reader.line_num})" if reader.line_num > line else ""
            yield line, f"no CSV: {error}{upto}"
            continue
        if cells:
            yield line, cells


def _said(line: int, given: dict[str, str], shop: Shop, vocabulary: Mapping[str, ManualTag], as_of: datetime) -> Said:
    if not given["customer"]:
        raise ValueError("no customer")
    tag = _word(given["tag"], {name: known.label for name, known in vocabulary.items()}, "tag")
    withdrawn = given.get("withdrawn", "").lower()
    if withdrawn not in _YES | _NO:
        raise ValueError(f"withdrawn is {withdrawn!r}: write yes, or nothing")
    return Said(
        line=line,
        customer_id=given["customer"],
        tag=tag,
        value=None if withdrawn in _YES else _value(given["value"], tag, vocabulary[tag]),
        author=_text(given["author"], "author"),
        happened_at=_instant(given["at"], shop, as_of),
    )


def _value(written: str, tag: str, allowed: ManualTag) -> str:
    if allowed.values == "any":
        return _text(written, "value")
    return _word(written, allowed.values, f"value of {tag}")


def _word(written: str, known: Mapping[str, Mapping[Any, str]], what: str) -> str:
    """The word a word, or a label of it, stands for."""
    for word, labels in known.items():
        if written.casefold() in {word, *(label.casefold() for label in labels.values())}:
            return word
    raise ValueError(f"no {what} {written!r}: one of {', '.join(known)}")


def _text(written: str, what: str) -> str:
    if not written or len(written) > LONGEST or not written.isprintable():
        raise ValueError(f"{what} is empty, longer than {LONGEST} characters or has some that cannot be printed")
    return written


def _instant(written: str, shop: Shop, as_of: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"at is {written!r}: write 2026-05-01, or 2026-05-01T14:30 by the shop's clock") from None
    instant = found if found.tzinfo else found.replace(tzinfo=shop.tz)
    if instant > as_of:
        raise ValueError(f"at is {written!r}: that is still to come")
    return instant
