"""Shop platforms and folders of exports -> landing rows. Adapters are imported when they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.settings import CONFIG_ROOT, Resolver, Shop, SourceConfig
from touchpoint.sources.base import Source


def open_source(
    shop: Shop,
    entity: Entity,
    resolve: Resolver,
    *,
    already_read: frozenset[tuple[str, str]] = frozenset(),
    open_parcels: Mapping[str, frozenset[str]] | None = None,
    config: Path = CONFIG_ROOT,
    folder: Path | None = None,
) -> Source:
    """Where a shop's entity is read from, as its file says.

    Args:
        shop: the shop.
        entity: member, order or shipment.
        resolve: connection id -> connection.
        already_read: (path, digest) of exports read before (files).
        open_parcels: order id -> its parcels on their way as far as we know (platforms).
        config: the folder of mappings.
        folder: instead of the connection's extra.folder (files).

    Raises:
        ConfigError: the shop has no such source, or it lacks a connection or a mapping.
    """
    place = f"config/shops/{shop.id}.yaml: sources.{entity}"
    source = shop.sources.get(entity.value)  # type: ignore[call-overload]
    if source is None:
        raise ConfigError("no such source", place=place, remedy="add it, or do not ask for it")
    if source.adapter == "files":
        return _open_files(shop, source, resolve, already_read, config, folder, place)
    if source.connection is None:
        raise ConfigError("no connection", place=place, remedy="name the platform's connection id")
    from touchpoint.sources.taobao import open_taobao

    return open_taobao(shop, resolve(source.connection), open_parcels)


def _open_files(
    shop: Shop,
    source: SourceConfig,
    resolve: Resolver,
    already_read: frozenset[tuple[str, str]],
    config: Path,
    folder: Path | None,
    place: str,
) -> Source:
    from touchpoint.sources.files.mapping import load_mapping
    from touchpoint.sources.files.source import FilesSource

    if source.mapping is None:
        raise ConfigError("no mapping", place=place, remedy="name a file of config/mappings/")
    if folder is None:
        if source.connection is None:
            raise ConfigError("no connection", place=place, remedy="name the one whose extra.folder holds the exports")
        given = resolve(source.connection).extra.get("folder")
        if not given:
            raise ConfigError("no extra.folder", place=f"connection {source.connection}", remedy="name the folder")
        folder = Path(str(given))
    return FilesSource(shop, load_mapping(source.mapping, config), folder, already_read)
