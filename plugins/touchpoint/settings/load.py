"""Shops, policy, segments and operations as config/ has them."""

from __future__ import annotations

import os
from pathlib import Path

from touchpoint.errors import ConfigError
from touchpoint.settings.reading import parse_config, read_yaml, shown
from touchpoint.settings.segments import Segments
from touchpoint.settings.shapes import Operations, Policy, Shop
from touchpoint.statements import ROOT

CONFIG_ROOT = Path(os.environ.get("TOUCHPOINT_CONFIG", ROOT / "config"))


def load_shop(shop_id: str, config: Path = CONFIG_ROOT) -> Shop:
    """A shop by id, from config/shops/ or config/rehearsals/."""
    for folder in ("shops", "rehearsals"):
        path = config / folder / f"{shop_id}.yaml"
        if path.is_file():
            shop = parse_config(Shop, read_yaml(path), path)
            if shop.id != shop_id:
                raise ConfigError(
                    f"id is {shop.id!r}", place=shown(path), remedy=f"write id: {shop_id}, the file's name"
                )
            if (folder == "shops") != (shop.realm == "live"):
                raise ConfigError(
                    f"realm is {shop.realm!r}", place=shown(path), remedy="live below shops/, a name below rehearsals/"
                )
            _demand_campaigns(shop, path, config)
            return shop
    raise ConfigError(f"no shop {shop_id!r}", place="config/shops", remedy=f"one of: {', '.join(shop_ids(config))}")


def _demand_campaigns(shop: Shop, path: Path, config: Path) -> None:
    """A blackout that excepts a campaign nobody has would hold back the one that was meant."""
    known = sorted(file.stem for file in (config / "campaigns").glob("*.yaml"))
    for place, blackout in enumerate(shop.blackouts):
        for campaign_id in blackout.exempt:
            if campaign_id not in known:
                raise ConfigError(
                    f"unknown campaign {campaign_id!r}",
                    place=f"{shown(path)}: blackouts[{place}].except",
                    remedy=f"one of: {', '.join(known) or 'none yet'}",
                )


def shop_ids(config: Path = CONFIG_ROOT, folder: str = "shops") -> list[str]:
    """Ids of all shops of a folder (shops or rehearsals), sorted."""
    return sorted(path.stem for path in (config / folder).glob("*.yaml"))


def load_policy(config: Path = CONFIG_ROOT) -> Policy:
    """config/policy.yaml."""
    return parse_config(Policy, read_yaml(config / "policy.yaml"), config / "policy.yaml")


def load_segments(config: Path = CONFIG_ROOT) -> Segments:
    """config/segments.yaml."""
    return parse_config(Segments, read_yaml(config / "segments.yaml"), config / "segments.yaml")


def load_operations(config: Path = CONFIG_ROOT) -> Operations:
    """config/operations.yaml."""
    return parse_config(Operations, read_yaml(config / "operations.yaml"), config / "operations.yaml")
