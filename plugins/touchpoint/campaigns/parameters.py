"""What a campaign file gives its audience statement, held against what that statement reads.

A statement reads parameters from a jsonb it calls `given`: `->>` one value, `->` a mapping or list. What it makes of a
value says what may be written: `make_interval(secs => (given ->> 'x')…)` a duration, `(given ->> 'x')::integer` a whole
number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from touchpoint.campaigns.offers import OFFER_PARAMETERS
from touchpoint.campaigns.spec import Campaign
from touchpoint.errors import ConfigError
from touchpoint.settings import parse_duration

SEGMENTS = "segments"
_COMMENT = re.compile(r"--.*")
_READS = re.compile(r"\bgiven\s*(->>?)\s*'(\w+)'")
_DURATION = re.compile(r"make_interval\(\s*secs\s*=>\s*\(\s*given\s*->>\s*'(\w+)'")
_WHOLE = re.compile(r"given\s*->>\s*'(\w+)'\s*\)\s*::\s*(?:integer|int|bigint)\b")
_NUMBER = re.compile(r"given\s*->>\s*'(\w+)'\s*\)\s*::\s*(?:numeric|float8)\b")
_BOUNDS = {"end_after": (1, 100), "bad_score": (1, 5)}
"""Whole numbers that mean something within these alone; any other: from 0 to a million."""
_MOST = 1_000_000


def wrong_parameters(campaign: Campaign, place: str, statement: str) -> Iterator[ConfigError]:
    """What is unknown, missing, or of another kind than the statement reads.

    Args:
        campaign: whose audience.
        place: the file and `audience`.
        statement: the text of its audience statement.
    """
    text = _COMMENT.sub("", statement)
    reads = {name: arrow for arrow, name in _READS.findall(text)}
    given, file = campaign.audience.sql_parameters(), f"include/sql/audiences/{campaign.audience.statement}.sql"
    if SEGMENTS in given and SEGMENTS not in reads:
        remedy = f"leave it out: {file} does not read it, so nobody would be left out by it"
        yield ConfigError("segments do nothing here", place=f"{place}.{SEGMENTS}", remedy=remedy)
    place = f"{place}.parameters"
    for name in given:
        if name not in reads and name != SEGMENTS and not (campaign.offer_id and name in OFFER_PARAMETERS):
            known = ", ".join(sorted(reads)) or "none"
            yield ConfigError(f"unknown parameter {name!r}", place=place, remedy=f"{file} reads: {known}")
    for name, arrow in reads.items():
        if name not in given and name != SEGMENTS:
            yield ConfigError(f"missing parameter {name!r}", place=place, remedy=f"add it: {file} reads it")
        elif arrow == "->" and not isinstance(given.get(name, []), dict | list):
            yield ConfigError(
                f"parameter {name!r} is one value", place=place, remedy="write it below default:, one line a source"
            )
        elif arrow == "->>" and isinstance(given.get(name), dict | list):
            yield ConfigError(f"parameter {name!r} is a mapping or a list", place=place, remedy="give one value")
    yield from _wrong_kinds(campaign, place, text)


def _wrong_kinds(campaign: Campaign, place: str, text: str) -> Iterator[ConfigError]:
    written = campaign.audience.parameters
    durations = set(_DURATION.findall(text))
    for name in sorted(durations & set(written)):
        try:
            parse_duration(written[name])
        except ValueError as error:
            yield ConfigError(f"{name} is a time: {error}", place=f"{place}.{name}", remedy="correct it")
    for name in sorted(set(_WHOLE.findall(text)) & set(written)):
        least, most = _BOUNDS.get(name, (0, _MOST))
        value = written[name]
        if type(value) is not int or not least <= value <= most:
            yield ConfigError(
                f"{name} is {value!r}", place=f"{place}.{name}", remedy=f"write a whole number from {least} to {most}"
            )
    for name in sorted((set(_NUMBER.findall(text)) - durations) & set(written)):
        if type(written[name]) not in (int, float):
            yield ConfigError(f"{name} is {written[name]!r}", place=f"{place}.{name}", remedy="write a number")
