"""A folder of exports with a mapping, and the source that reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pyarrow
import pyarrow.parquet

from touchpoint.model import Entity, Window
from touchpoint.settings import Shop
from touchpoint.sources.files.mapping import load_mapping
from touchpoint.sources.files.source import FilesSource

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


def shop(zone: str = "Asia/Shanghai", currency: str = "CNY") -> Shop:
    return Shop.model_validate(
        {
            "id": "test", "name": "T", "platform": "files", "zone": zone, "locale": "en", "currency": currency,
            "signature": "T", "agent_contact": "-", "cut_off": "16:00", "sending": "on", "sources": {},
        }
    )  # fmt: skip


class Folder:
    """Exports and the mapping they are read by."""

    def __init__(self, path: Path, zone: str = "Asia/Shanghai") -> None:
        self.path, self.zone = path, zone
        (path / "data").mkdir()

    def parquet(self, name: str, columns: dict[str, Any], **options: Any) -> Path:
        """Write a Parquet file."""
        path = self.path / "data" / name
        pyarrow.parquet.write_table(pyarrow.table(columns), path, **options)
        return path

    def text(self, name: str, *lines: str) -> Path:
        """Write a text file."""
        path = self.path / "data" / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def source(
        self, exports: str, already_read: frozenset[tuple[str, str]] = frozenset(), rest: str = ""
    ) -> FilesSource:
        """The files source by the exports of a mapping, as YAML."""
        mapping = self.path / "shop.yaml"
        body = indent(dedent(exports).strip("\n"), "  ")
        mapping.write_text(f"exports:\n{body}\n{rest}", encoding="utf-8")
        return FilesSource(shop(self.zone), load_mapping(str(mapping)), self.path / "data", already_read)

    def rows(self, exports: str, entity: Entity = Entity.ORDER, asked: Entity | None = None) -> list[dict[str, Any]]:
        """The landing rows of an entity."""
        pages = self.source(exports).read(asked or entity, WINDOW)
        return [row for page in pages if entity in page.tables for row in page.tables[entity].to_pylist()]
