"""An export's bytes: unpacked, hashed as they are read, and refused if they change meanwhile."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from touchpoint.errors import SourceError, SourceUnavailable

_GZIP = b"\x1f\x8b"
_DRAIN = 1 << 20
_HEAD = 1 << 16


@dataclass(frozen=True)
class ExportFile:
    """A file as it was when it was found: path, path below the folder, modification instant, bytes; and its mapping."""

    path: Path
    name: str
    modified_at: datetime
    size: int
    export: Any

    @classmethod
    def found(cls, path: Path, folder: Path, export: Any) -> ExportFile:
        """The file at a path below a folder."""
        state = path.stat()
        modified = datetime.fromtimestamp(state.st_mtime, UTC)
        return cls(path, path.relative_to(folder).as_posix(), modified, state.st_size, export)


class Hashing:
    """A byte stream that remembers the SHA-256 of everything read through it."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self._digest = raw, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """As the stream's own."""
        data = self._raw.read(size)
        self._digest.update(data)
        return data

    def finish(self) -> str:
        """Read what is left; the digest of the whole file, hex."""
        while self.read(_DRAIN):
            pass
        return self._digest.hexdigest()


class LineFeeds:
    """A byte stream whose lines end in line feeds, though the file has carriage returns alone (as old Macs wrote)."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self._head = raw, raw.read(_HEAD)
        if self._head.endswith(b"\r"):
            self._head += raw.read(1)
        self._has_returns_alone = b"\r" in self._head and b"\n" not in self._head

    def read(self, size: int = -1) -> bytes:
        """As the stream's own; first of all what was looked at."""
        if not self._head:
            data = self._raw.read(size)
        elif size < 0:
            data, self._head = self._head + self._raw.read(), b""
        else:
            data, self._head = self._head[:size], self._head[size:]
        return data.replace(b"\r", b"\n") if self._has_returns_alone else data


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def opened(file: ExportFile) -> Iterator[tuple[IO[bytes], Hashing]]:
    """The unpacked bytes of an export, and the hash of the packed ones.

    Raises:
        SourceError: what says it is gzip is none, or breaks off.
        SourceUnavailable: the file cannot be opened, or is still being written.
    """
    try:
        with opened_whole(file) as raw:
            is_packed = raw.read(2) == _GZIP
            raw.seek(0)
            hashing = Hashing(raw)
            stream = gzip.GzipFile(fileobj=cast("IO[bytes]", hashing)) if is_packed else hashing
            yield cast("IO[bytes]", stream), hashing
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            "the gzip data is damaged or breaks off", place=file.name, remedy="export it again"
        ) from error


@contextmanager
def opened_whole(file: ExportFile) -> Iterator[IO[bytes]]:
    """An export's bytes as they lie in the folder.

    Raises:
        SourceUnavailable: the file cannot be opened, or is still being written.
    """
    try:
        with file.path.open("rb") as raw:
            yield raw
    except gzip.BadGzipFile:
        raise
    except OSError as error:
        raise SourceUnavailable(
            f"cannot be read ({type(error).__name__})", place=file.name, remedy="check the file and its rights"
        ) from error
    state = file.path.stat()
    if (state.st_size, datetime.fromtimestamp(state.st_mtime, UTC)) != (file.size, file.modified_at):
        raise SourceUnavailable(
            "changed while it was read", place=file.name, remedy="the next run reads it again, once it is written"
        )
