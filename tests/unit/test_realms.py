"""Which realm a run may name."""

from __future__ import annotations

import pytest

from touchpoint.errors import ConfigError
from touchpoint.pipeline.runs import Trigger, begin
from touchpoint.services import Services
from touchpoint.settings import ConnectionInfo


@pytest.mark.parametrize(("shop_id", "realm"), [("tmall", "live"), ("tmall", "test"), ("sandbox", "replay")])
def test_no_run_decides_in_a_realm_that_is_not_its_shops(shop_id: str, realm: str) -> None:
    services = Services(db=None, resolve={}.__getitem__, connection=ConnectionInfo("touchpoint"))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=f"realm '{realm}' for shop {shop_id}"):
        begin(services, Trigger(shop_id, "dag", "run", "daily", realm=realm))  # type: ignore[arg-type]
