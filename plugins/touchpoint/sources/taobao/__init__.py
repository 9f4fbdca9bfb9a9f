"""The Taobao Open Platform: orders and parcels of a shop."""

from __future__ import annotations

from collections.abc import Mapping

from touchpoint.settings import ConnectionInfo, Shop
from touchpoint.sources.base import Source
from touchpoint.sources.taobao.client import Credentials, TopClient
from touchpoint.sources.taobao.source import TaobaoSource


def open_taobao(
    shop: Shop, connection: ConnectionInfo, open_parcels: Mapping[str, frozenset[str]] | None = None
) -> Source:
    """The source of a shop behind a connection; `open_parcels`: order id -> its parcels on their way.

    Raises:
        ConfigError: the connection lacks something.
    """
    return TaobaoSource(shop, TopClient(Credentials.of(connection)), open_parcels)
