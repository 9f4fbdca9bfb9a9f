"""A draft of a mapping for exports nobody here has seen: profiled with pandas, doubts written beside the columns."""

from __future__ import annotations

from collections.abc import Sequence
from glob import escape
from os.path import commonpath
from pathlib import Path

import yaml

from touchpoint.errors import ConfigError
from touchpoint.settings import parse_config
from touchpoint.sources.drafting.draft import Export, draft
from touchpoint.sources.drafting.profiles import profile
from touchpoint.sources.drafting.writing import written
from touchpoint.sources.files.mapping import Mapping


def draft_mapping(
    files: Sequence[Path], *, folder: Path | None = None, currency: str | None = None, zone: str | None = None
) -> str:
    """The text of a mapping for some files, which loads; every column in doubt has a comment.

    Args:
        files: CSV, Parquet or Excel exports.
        folder: where they lie, as the connection will name it; the nearest folder that holds them all if not given.
        currency: of all amounts; None: guessed, and said so.
        zone: of times without offset; None: the shop's.

    Raises:
        ConfigError: a file cannot be read, lies elsewhere, or none holds anything that can land.
    """
    whole = [path.resolve() for path in files]
    below = folder.resolve() if folder else Path(commonpath([path.parent for path in whole]))
    astray = next((path for path in whole if not path.is_relative_to(below)), None)
    if astray is not None:
        raise ConfigError(
            f"{astray.name!r} lies elsewhere", place="--folder", remedy="name a folder that holds them all"
        )
    profiles = [profile(path, escape(path.relative_to(below).as_posix())) for path in whole]
    exports = draft(profiles, currency)
    if not exports:
        headers = "; ".join(f"{each.name}: {', '.join(each.columns)}" for each in profiles)
        raise ConfigError(
            f"no file holds orders, products, members, payments, parcels or reviews by its headers; {headers}",
            place="touchpoint source draft",
            remedy="write the mapping by hand (docs/adding_a_source.md)",
        )
    left_out = [each.name for each in profiles if not any(export.profile is each for export in exports)]
    text = written(exports, zone=zone, left_out=left_out)
    parse_config(Mapping, yaml.safe_load(text), Path("draft.yaml"))
    return text


def doubts(text: str) -> int:
    """How many columns of a draft have a comment."""
    return sum(line.strip().startswith("# ?") for line in text.splitlines())


__all__ = ["Export", "doubts", "draft_mapping"]
