"""What every source is: a shop's entity and a half-open window in, pages of landing rows out.

Reading is idempotent (the same window again gives the same rows), and adjacent windows together give every row at least
once; double rows are welcome, for the merge knows versions. A source keeps no state: the watermark and the list of
files read are handed in by landing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from touchpoint.model import Entity, Window

if TYPE_CHECKING:
    import pyarrow

READ_TOGETHER: dict[Entity, tuple[Entity, ...]] = {
    Entity.MEMBER: (Entity.MEMBER,),
    Entity.PRODUCT: (Entity.PRODUCT,),
    Entity.ORDER: (Entity.ORDER, Entity.ORDER_LINE, Entity.REFUND),
    Entity.PAYMENT: (Entity.PAYMENT,),
    Entity.SHIPMENT: (Entity.SHIPMENT, Entity.TRACKING_EVENT),
    Entity.REVIEW: (Entity.REVIEW,),
    Entity.INQUIRY: (Entity.INQUIRY,),
    Entity.VISIT: (Entity.VISIT,),
}
"""What a source is asked for, and the landing entities that come with it."""


@dataclass(frozen=True)
class Malformed:
    r"""A line no parser could split: it goes to quarantine as it stood.

    Attributes:
        entity: the landing entity it would have become.
        line_no: its number in the file, the header being line 1.
        text: the line; NUL and undecodable bytes are written out as \x00.
        reason: what is wrong with it, in a clause without its content.
    """

    entity: Entity
    line_no: int
    text: str
    reason: str


@dataclass(frozen=True)
class FileMark:
    """A file that was read to its end: path below the connection's folder, SHA-256 of its bytes."""

    path: str
    digest: str


@dataclass(frozen=True)
class Page:
    """A part of what a source gives.

    Attributes:
        tables: landing entity -> rows; every column a string, named like landing.<entity>, a subset of its columns.
            Instants are ISO 8601 with offset, money decimal in major units; what cannot be read stays as it came.
        malformed: lines that are no rows.
        file: set on the last page of a file.
    """

    tables: dict[Entity, pyarrow.Table]
    malformed: list[Malformed] = field(default_factory=list)
    file: FileMark | None = None


class Source(Protocol):
    """A shop platform, a carrier or a folder of exports."""

    def read(self, entity: Entity, window: Window) -> Iterator[Page]:
        """Pages of an entity and what comes with it.

        A platform is asked for what changed within the window. Files are read whole, whatever the window: an export
        delivered late still holds rows from before the watermark, and cutting it would lose them.

        Raises:
            SourceUnavailable: no answer, or throttled: the same call may succeed later.
            SourceRefused: a person has to act (signature, session, permission).
            SourceError: the answer or the file cannot be read.
        """
        ...

    def snapshot_at(self, entity: Entity, window: Window) -> datetime:
        """The instant a row of this read that has no time of its own speaks of. May be asked before `read`."""
        ...


@runtime_checkable
class OrderPlatform(Source, Protocol):
    """A platform that can be asked about single orders. Folders of exports cannot."""

    @property
    def changes_kept(self) -> timedelta:
        """How far back it lists changes: a longer window is read by creation, and tells nothing of older orders."""
        ...

    def read_orders(self, order_ids: Sequence[str]) -> Iterator[Page]:
        """Orders with their lines, whole and as they stand now, a page every few orders; none for an unknown id.

        Raises:
            SourceError: as `read` does; the pages before it hold.
        """
        ...

    def versions(self, window: Window) -> Iterator[dict[str, str]]:
        """Order id -> its last change (ISO 8601), of the orders made in the window, and of those changed in it."""
        ...

    def read_refunds(self, window: Window) -> Iterator[Page]:
        """The refunds that changed in the window."""
        ...
