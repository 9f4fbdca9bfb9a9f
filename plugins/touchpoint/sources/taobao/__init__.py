"""The Taobao Open Platform: orders and parcels of a shop."""

from __future__ import annotations

from touchpoint.settings import ConnectionInfo, Shop
from touchpoint.sources.base import Source
from touchpoint.sources.taobao.client import Credentials, TopClient
from touchpoint.sources.taobao.source import TaobaoSource


def open_taobao(shop: Shop, connection: ConnectionInfo) -> Source:
    """The source of a shop behind a connection.

    Raises:
        ConfigError: the connection lacks something.
    """
    return TaobaoSource(shop, TopClient(Credentials.of(connection)))
