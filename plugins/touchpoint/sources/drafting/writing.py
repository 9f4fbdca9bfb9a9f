"""A draft as the text of a mapping, with a comment at every column that is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from touchpoint.sources.drafting.draft import Entity, Export
from touchpoint.sources.drafting.profiles import Profile
from touchpoint.sources.drafting.roles import role_of

_WIDE = 10_000


def written(exports: Sequence[Export], *, zone: str | None, left_out: Sequence[str]) -> str:
    """The text of a mapping.

    Args:
        exports: what it holds.
        zone: of times without offset; None: the shop's.
        left_out: files nothing lands from by themselves.
    """
    lines = ["# A draft: look at every column that has a comment, then let it be loaded (docs/adding_a_source.md)."]
    lines += [f"# Nothing lands from {name} by itself." for name in left_out]
    lines.append("exports:")
    seen: set[str] = set()
    for export in exports:
        lines += ["", *_export(export, zone)]
        if export.profile.name not in seen:
            lines += _unused(export.profile, exports)
        seen.add(export.profile.name)
    if not any("member" in export.entities for export in exports):
        lines += [
            "",
            "# No list of members: for a rehearsal each customer gets a made-up address. Remove it for a live shop.",
        ]
        lines.append("synthetic_contacts: true")
    return "\n".join(lines) + "\n"


def _export(export: Export, zone: str | None) -> list[str]:
    lines = [f"  # {note}" for note in export.notes]
    lines.append(f"  - files: {_flow(export.profile.name)}")
    keys = dict(export.profile.written)
    if zone is not None:
        keys["zone"] = zone
    looked_up = [each for each in export.others if each.time_formats]
    formats = list(dict.fromkeys(word for each in (export.profile, *looked_up) for word in each.time_formats))
    if formats:
        keys["time_formats"] = formats
        lines += [f"    # {doubt}" for doubt in _doubts(export)]
    lines += [f"    {key}: {_flow(value)}" for key, value in keys.items()]
    if export.lookups:
        lines.append("    lookups:")
        lines += [f"      {name}: {_flow(lookup)}" for name, lookup in export.lookups.items()]
    for name, entity in export.entities.items():
        lines += _entity(name, entity)
    return lines


def _entity(name: str, entity: Entity) -> list[str]:
    lines = [f"    {name}:"]
    if entity.where:
        lines.append(f"      where: {_flow(entity.where)}")
    if entity.group_by is not None:
        lines.append(f"      group_by: {_flow(entity.group_by)}")
    if entity.distinct:
        lines.append(f"      distinct: {_flow(entity.distinct)}")
    lines.append("      columns:")
    for column, given in entity.columns.items():
        if column in entity.notes:
            lines.append(f"        # ? {entity.notes[column]}")
        lines.append(f"        {column}: {_flow(given)}")
    return lines


def _doubts(export: Export) -> list[str]:
    return [
        f"? {column.name} may be {' or '.join(column.formats)}: day or month first?"
        for column in export.profile.columns.values()
        if len(column.formats) > 1
    ]


def _unused(profile: Profile, exports: Sequence[Export]) -> list[str]:
    """A comment that names the columns of a file nothing is made of."""
    entities = [entity for export in exports if export.profile is profile for entity in export.entities.values()]
    text = str([(entity.columns, entity.where) for entity in entities])
    named = [column for column in profile.columns.values() if f"'{column.name}'" not in text]
    told = [f"{column.name} ({', '.join(filter(None, (column.kind, role_of(column))))})" for column in named]
    return [f"    # Not read: {'; '.join(told)}"] if told else []


def _flow(value: Any) -> str:
    """A value in one line of YAML, quoted where YAML would take it for something else."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=_WIDE)
    return text.removesuffix("\n").removesuffix("\n...").strip()
