"""An append-only log of JSON lines that survives a kill: a line is on disk before anybody is told it was accepted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """A file of JSON lines, read whole at the start, then only appended to.

    A line torn by a kill was never answered for: it is cut off when the file is opened again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(path, len(whole))
        self.entries: list[Entry] = [json.loads(line) for line in whole.splitlines()]

    def append(self, entries: Iterable[Entry]) -> list[Entry]:
        """Number the entries (`seq`, from 1), write them in one go and force them to disk."""
        numbered = [{"seq": len(self.entries) + number, **entry} for number, entry in enumerate(entries, start=1)]
        with self._path.open("ab") as file:
            file.write(b"".join(json.dumps(entry, ensure_ascii=False).encode() + b"\n" for entry in numbered))
            file.flush()
            os.fsync(file.fileno())
        self.entries += numbered
        return numbered

    def after(self, seq: int = 0, since: str = "") -> list[Entry]:
        """Entries with a greater number, accepted at or after `since` (ISO 8601, UTC, as they carry it)."""
        return [entry for entry in self.entries[seq:] if entry["accepted_at"] >= since]
