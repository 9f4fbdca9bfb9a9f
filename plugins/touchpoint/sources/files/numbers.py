"""Numbers of an export: text without the artefacts of how they were stored, and exact sums and products."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import reduce
from typing import Any

import pyarrow
import pyarrow.compute as pc

NUMBER = r"^[-+]?\d+(\.\d+)?$"
_PLAIN = r"^[-+]?\d{1,12}(\.\d{1,6})?$"
_FACTOR = pyarrow.decimal128(18, 6)
_SUM = pyarrow.decimal128(38, 6)
_DIGITS_OF_A_DOUBLE = 15
_WHOLE_DOUBLES = 2.0**53
_NO_TEXT = pyarrow.scalar(None, pyarrow.string())
_EXACT = 100  # digits: more than any product of an export


def with_point(column: Any, export: Any) -> Any:
    """Text of an amount, with an export's marks and padding, as decimal text; what is no number stays as it came."""
    plain = pc.utf8_trim_whitespace(column)
    if export.decimal_mark == "." and not export.thousands_mark and plain.equals(column):
        return column
    if export.thousands_mark:
        plain = pc.replace_substring(plain, pattern=export.thousands_mark, replacement="")
    if export.decimal_mark != ".":
        plain = pc.replace_substring(plain, pattern=export.decimal_mark, replacement=".")
    return pc.if_else(pc.match_substring_regex(plain, NUMBER), plain, column)


def plain_number(column: Any) -> Any:
    """Integers, floats and decimals as decimal text: no exponent, no .0, no zeros at the end; NaN is null.

    A double holds 15 decimal digits; what its binary form says beyond them (0.30000000000000004) is cut off. Whole ones
    below 2^53 are exact.
    """
    if pyarrow.types.is_floating(column.type):
        return _plain_float(column)
    text = column.cast(pyarrow.string())
    if pyarrow.types.is_integer(column.type):
        return text
    return _each(_without_zeros(text), pc.match_substring(text, "E"), lambda value: _spelled_out(Decimal(value)))


def _plain_float(column: Any) -> Any:
    column = pc.if_else(pc.is_nan(column), pyarrow.scalar(None, column.type), column)
    is_whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _WHOLE_DOUBLES))
    whole = pc.if_else(is_whole, column, pyarrow.scalar(None, column.type)).cast(pyarrow.int64())
    text = column.cast(pyarrow.string())
    is_odd = pc.or_(pc.match_substring_regex(text, r"e"), pc.greater(pc.binary_length(text), _DIGITS_OF_A_DOUBLE + 1))
    rest = pc.if_else(is_whole, pyarrow.scalar(None, pyarrow.string()), text)
    return pc.coalesce(whole.cast(pyarrow.string()), _each(rest, is_odd, _fifteen_digits))


def _fifteen_digits(text: str) -> str:
    return _spelled_out(Decimal(f"{float(text):.{_DIGITS_OF_A_DOUBLE}g}"))


def _spelled_out(value: Decimal) -> str:
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _without_zeros(text: Any) -> Any:
    return pc.if_else(pc.match_substring(text, "."), pc.utf8_rtrim(pc.utf8_rtrim(text, "0"), "."), text)


def _each(text: Any, mask: Any, change: Any) -> Any:
    """Text with some of its values changed one by one."""
    mask = pc.fill_null(mask, False)
    if not pc.any(mask).as_py():
        return text
    changed = [None if value is None else change(value) for value in text.filter(mask).to_pylist()]
    return pc.replace_with_mask(text, mask, pyarrow.array(changed, pyarrow.string()))


def decimals(text: Any) -> Any:
    """Decimal text as numbers fit to be added up; null where it is no number, or one of more than 12.6 digits."""
    trimmed = pc.utf8_trim_whitespace(text)
    fits = pc.match_substring_regex(trimmed, _PLAIN)
    return pc.if_else(fits, trimmed, pyarrow.scalar(None, pyarrow.string())).cast(_SUM)


def total(columns: Sequence[Any]) -> Any:
    """Columns of decimal text added up row by row, exactly.

    Empty values add nothing, and a sum of nothing is empty; with a value that is no number the sum is that text, for
    the gate to judge.
    """
    numbers = [decimals(column) for column in columns]
    unread = [pc.if_else(pc.is_null(number), text, _NO_TEXT) for text, number in zip(columns, numbers, strict=True)]
    parts = [pc.fill_null(number.cast(_FACTOR), pyarrow.scalar(0, _FACTOR)) for number in numbers]
    added = reduce(pc.add, parts)
    has_any = reduce(pc.or_, map(pc.is_valid, numbers))
    return pc.coalesce(*unread, pc.if_else(has_any, plain_number(added), _NO_TEXT))


def product(factors: Sequence[Any], times: int, places: int) -> Any:
    """Columns of decimal text multiplied row by row, and by a whole number, rounded half away from zero.

    Where a factor is empty the product is; where one is no number the product is that text, for the gate to judge.
    """
    trimmed = [pc.utf8_trim_whitespace(factor) for factor in factors]
    if len(trimmed) == 2 and all(_all_plain(factor) for factor in trimmed):
        left, right = (factor.cast(_FACTOR) for factor in trimmed)
        exact = pc.multiply(left, right)
        if times == -1:
            exact = pc.negate(exact)
        if times in (1, -1):
            rounded = pc.round(exact, places, "half_towards_infinity")
            return rounded.cast(pyarrow.decimal128(38, places)).cast(pyarrow.string())
    rows = zip(*(factor.to_pylist() for factor in trimmed), strict=True)
    return pyarrow.array([_row_product(row, times, places) for row in rows], pyarrow.string())


def _all_plain(column: Any) -> bool:
    return bool(pc.all(pc.match_substring_regex(column, _PLAIN), min_count=0).as_py())


def _row_product(row: Sequence[str | None], times: int, places: int) -> str | None:
    if None in row:
        return None
    values = [_number(value) for value in row if value is not None]
    for text, value in zip(row, values, strict=True):
        if value is None:
            return text
    with localcontext(prec=_EXACT, rounding=ROUND_HALF_UP):
        exact = reduce(
            lambda left, right: left * right, (value for value in values if value is not None), Decimal(times)
        )
        rounded = exact.quantize(Decimal(1).scaleb(-places))
    return format(abs(rounded) if rounded == 0 else rounded, "f")


def _number(text: str) -> Decimal | None:
    plain = text.removeprefix("-").removeprefix("+").replace(".", "", 1)
    is_number = plain.isascii() and plain.isdigit() and not text.endswith(".") and not text.lstrip("+-").startswith(".")
    return Decimal(text) if is_number and len(plain) <= _EXACT // 4 else None
