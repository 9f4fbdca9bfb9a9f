"""A rehearsal shop for a mapping of one's own: a copy of config/, with a shop that reads whatever the mapping names."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.settings import CONFIG_ROOT, Shop, load_shop, read_yaml
from touchpoint.sources.base import READ_TOGETHER

if TYPE_CHECKING:
    from touchpoint.sources.files.mapping import Mapping

PATTERNS = {"zh-CN": "tmall", "en": "online_retail"}
"""By locale, the rehearsal that such a shop is patterned on."""
OURS = ("id", "platform", "sending", "realm", "replay", "sources", "sms", "email", "brand", "alarms_to")
"""What a shop's own file does not say of its rehearsal: its exports and the sandbox do."""
_SOURCE = {"adapter": "files", "connection": "replay_data", "settle_lag": "0s", "history": "4000d"}


def rehearsal_id(mapping: Path, named: str | None) -> str:
    """The id of the shop of a mapping: the one named, else made of the file's name.

    Raises:
        ConfigError: no id of a shop, or one that config/ has already.
    """
    shop_id = named or "replay_" + re.sub(r"[^a-z0-9]", "_", mapping.stem.lower())
    taken = [folder for folder in ("shops", "rehearsals") if (CONFIG_ROOT / folder / f"{shop_id}.yaml").is_file()]
    if taken or not re.fullmatch(r"[a-z][a-z0-9_]*", shop_id):
        wrong = f"config/{taken[0]}/ has that shop already" if taken else "small letters, digits and _ alone"
        raise ConfigError(f"{shop_id!r}: {wrong}", place="--shop", remedy="name the rehearsal's shop otherwise")
    return shop_id


def fingerprint(mapping: Path, data: Path) -> str:
    """Changes with the mapping's text and the folder it reads."""
    return hashlib.sha256(mapping.read_bytes() + b"\0" + str(data.resolve()).encode()).hexdigest()


def rehearsal_config(
    shop_id: str,
    mapping: Path,
    target: Path,
    *,
    data: Path,
    shop_file: Path | None,
    given: dict[str, str | None],
    warn: Callable[[str], None],
) -> Path:
    """A copy of config/ with the rehearsal shop of a mapping.

    Args:
        shop_id: of the shop.
        mapping: its file.
        target: where the copy goes; what is there is replaced.
        data: folder of the exports.
        shop_file: a shop's own file: name, zone, locale, currency, hours and blackouts are taken from it.
        given: keys of the shop file that the command line says; None: not said.
        warn: told of what the mapping names and the folder does not hold.

    Raises:
        ConfigError: mapping or shop file do not load, or no file of the mapping is there.
    """
    for path, place in ((mapping, "--mapping"), (shop_file, "--shop-file")):
        if path is not None and not path.is_file():
            raise ConfigError(
                f"no file {path.name!r}", place=place, remedy="name one, as config/mappings/tmall_orders.yaml"
            )
    from touchpoint.sources.files.mapping import load_mapping  # with it comes Arrow, which no other command needs

    loaded = load_mapping(str(mapping))
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(CONFIG_ROOT, target)
    (target / "mappings" / f"{shop_id}.yaml").write_bytes(mapping.read_bytes())
    shop = {**_pattern(given.get("locale"), shop_file), "name": f"Replay of {mapping.stem}", **_own(shop_file)}
    shop.update({key: value for key, value in given.items() if value is not None})
    shop.update(id=shop_id, replay=[], sources=_sources(loaded, shop_id, data, warn))
    path = target / "rehearsals" / f"{shop_id}.yaml"
    path.write_text(yaml.safe_dump(shop, allow_unicode=True, sort_keys=False), encoding="utf-8")
    load_shop(shop_id, target)
    return target


def entities_with_files(mapping: Mapping, data: Path) -> tuple[list[Entity], list[str]]:
    """What the files of a folder can be asked for by a mapping, and the globs that none of them fits."""
    from touchpoint.sources.files.mapping import entities_of

    has_file = {export.files: _has_file(data, export.files) for export in mapping.exports}
    found = []
    for asked in READ_TOGETHER:
        if asked is Entity.MEMBER and mapping.synthetic_contacts:
            exports = [export for export in mapping.exports if export.order is not None]
        else:
            exports = [export for export in mapping.exports if entities_of(export, asked)]
        if any(has_file[export.files] for export in exports):
            found.append(asked)
    return found, [glob for glob, there in has_file.items() if not there]


def _has_file(data: Path, glob: str) -> bool:
    return any(path.is_file() for path in data.glob(glob))


def _sources(mapping: Mapping, name: str, data: Path, warn: Callable[[str], None]) -> dict[str, Any]:
    entities, absent = entities_with_files(mapping, data)
    for glob in absent:
        warn(f"no file {glob!r} in the folder: what the mapping reads from it is left out")
    if Entity.ORDER not in entities:
        raise ConfigError(
            "no file of the folder holds orders",
            place=f"--data, --mapping: {_listed(absent) or 'the mapping names no order'}",
            remedy="name the folder of the exports, or correct `files` of the mapping",
        )
    if Entity.MEMBER not in entities:
        warn("nobody has an address: `synthetic_contacts: true` in the mapping makes some up")
    return {entity.value: {**_SOURCE, "mapping": name} for entity in entities}


def _listed(globs: Iterable[str]) -> str:
    return ", ".join(map(repr, globs))


def _pattern(locale: str | None, shop_file: Path | None) -> dict[str, Any]:
    locale = locale or _own(shop_file).get("locale") or "zh-CN"
    if locale not in PATTERNS:
        raise ConfigError(f"no locale {locale!r}", place="--locale", remedy=f"one of: {', '.join(PATTERNS)}")
    return dict(read_yaml(CONFIG_ROOT / "rehearsals" / f"{PATTERNS[locale]}.yaml"))


def _own(shop_file: Path | None) -> dict[str, Any]:
    if shop_file is None:
        return {}
    found = dict(read_yaml(shop_file))
    unknown = sorted(set(found) - set(Shop.model_fields))
    if unknown:
        raise ConfigError(
            f"unknown key {unknown[0]!r}", place=shop_file.name, remedy=f"one of: {', '.join(Shop.model_fields)}"
        )
    return {key: value for key, value in found.items() if key not in OURS}
