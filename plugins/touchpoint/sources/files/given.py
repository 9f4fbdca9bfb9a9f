"""Where the value of one landing column comes from, and which lines of a file hold a row: the words of a mapping."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from touchpoint.settings import Duration, Strict

_SOURCES = ("header", "constant", "present", "first_of", "sum", "product", "digest", "number_within", "latest")
_ONE = "give exactly one of from, constant, present, first_of, sum, product, digest, number_within and latest"
Take = Literal["first", "sum", "count"]


class Where(Strict):
    """A condition on one column of the file: exactly one of the tests below; all text is compared without outer spaces.

    Attributes:
        above, below: a number; a value that is no number is kept, for the gate to judge, an empty one is not.
        one_of, none_of: the value is, or is not, one of these words; an empty value is none of them.
        prefix, no_prefix: the value begins, or does not begin, with this.
        present: true: holds anything; false: is empty.
    """

    column: str
    above: float | None = None
    below: float | None = None
    one_of: list[str] | None = None
    none_of: list[str] | None = None
    prefix: str | None = None
    no_prefix: str | None = None
    present: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> Where:
        if sum(getattr(self, test) is not None for test in _TESTS) != 1:
            raise ValueError(f"give exactly one of {', '.join(_TESTS[:-1])} and {_TESTS[-1]}")
        return self


_TESTS = tuple(name for name in Where.model_fields if name != "column")


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Conditions = Annotated[list[Where], BeforeValidator(_listed)]
"""One condition, or several that must all hold."""


class Given(Strict):
    """Where the value comes from: exactly one of the first nine below.

    Attributes:
        header: `from`, a column of the file, by its header without surrounding spaces.
        constant: the same value in every row.
        present: a column of the file: `then` where it holds anything, else `otherwise`.
        first_of: of these columns, the first that is not empty.
        sum: these columns added up, exactly; empty ones add nothing, and a sum of nothing is empty. With a value that
            is no number it is that value, for the gate to judge.
        product: columns and whole numbers multiplied, exactly; rounded half away from zero to `decimals` places. With a
            value that is no number it is that value, for the gate to judge.
        digest: SHA-256 of these columns' values, as 32 hex digits: an id for lines that have none. Lines that say the
            same have one id; with `numbered` each has its own, as the file repeats them.
        number_within: the number of the line among the lines of the file with these columns' values, from 1: an id
            within an order, so that two purchases of the same stay two.
        latest: the latest instant of these columns.
        lookup: the columns of `from`, `present`, `first_of`, `sum` or `latest` stand in that lookup of the export.
        take: of several lines (of a lookup's key, of a group): the first, the sum, or how many hold a value.
        words: the file's words -> ours; a word not listed becomes `otherwise`, or stays as it came without it.
        plus: for an instant: so much later.
        when: empty unless these conditions hold.
    """

    header: str | None = Field(default=None, alias="from")
    constant: str | None = None
    present: str | None = None
    first_of: list[str] | None = Field(default=None, min_length=2)
    sum: list[str] | None = Field(default=None, min_length=2)
    product: list[str | int] | None = Field(default=None, min_length=2)
    digest: list[str] | None = Field(default=None, min_length=1)
    numbered: bool = False
    number_within: list[str] | None = Field(default=None, min_length=1)
    latest: list[str] | None = Field(default=None, min_length=1)
    lookup: str | None = None
    take: Take | None = None
    decimals: int | None = Field(default=None, ge=0, le=6)
    then: str | None = None
    words: dict[str, str] | None = None
    otherwise: str | None = None
    plus: Duration | None = None
    when: Conditions = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits(self) -> Given:
        if sum(getattr(self, name) is not None for name in _SOURCES) != 1:
            raise ValueError(_ONE)
        if (self.then is not None) != (self.present is not None):
            raise ValueError("`then` goes with `present`, and `present` with `then`")
        if self.header is None and self.first_of is None and (self.words is not None or self.plus is not None):
            raise ValueError("`words` and `plus` go with `from` or `first_of`")
        if self.otherwise is not None and self.words is None and self.present is None:
            raise ValueError("`otherwise` goes with `words` or `present`")
        if self.numbered and self.digest is None:
            raise ValueError("`numbered` goes with `digest`")
        if (self.decimals is not None) != (self.product is not None):
            raise ValueError("`decimals` goes with `product`, and `product` with `decimals`")
        if self.lookup is not None and not self.named:
            raise ValueError("`lookup` goes with `from`, `present`, `first_of`, `sum` or `latest`")
        return self

    @property
    def named(self) -> list[str]:
        """The columns that `from`, `present`, `first_of`, `sum` or `latest` name, in the lookup if there is one."""
        several = [*(self.first_of or []), *(self.sum or []), *(self.latest or [])]
        return [name for name in (self.header, self.present, *several) if name]

    @property
    def reads(self) -> list[str]:
        """The headers it needs in the file itself."""
        named = [] if self.lookup is not None else self.named
        factors = [factor for factor in self.product or [] if isinstance(factor, str)]
        tested = [where.column for where in self.when]
        return [*named, *factors, *(self.digest or []), *(self.number_within or []), *tested]


def _given(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


Column = Annotated[Given, BeforeValidator(_given)]


class Lookup(Strict):
    """Another export of the folder, found by key; its files are held in memory while a file of this one is read.

    Attributes:
        files: glob below the folder; written as the export is.
        key: its column that is looked up; a key on several lines needs `take`.
        by: the column of this export that holds the key; the same name as `key` if not given.
        encoding, delimiter, sheet: where its files are written otherwise than those of the export.
        sorted_by: its column that puts the lines of a key in order (numbers as numbers); else the file's order.
    """

    files: str
    key: str
    by: str | None = None
    sorted_by: str | None = None
    encoding: Literal["utf-8", "gbk"] | None = None
    delimiter: str | None = None
    sheet: str | None = None

    @property
    def ours(self) -> str:
        """The column of this export that holds the key."""
        return self.by or self.key

    def layout(self) -> dict[str, str]:
        """How its files are written, where that is not as the export is."""
        said = {"encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet}
        return {key: value for key, value in said.items() if value is not None}
