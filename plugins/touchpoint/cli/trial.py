"""`touchpoint campaign test-send`: one message to a listed address."""

from __future__ import annotations

from typing import Annotated

import typer

from touchpoint.cli.common import (
    DEFAULT_SHOP,
    AsJson,
    AsOf,
    ShopOption,
    instant,
    known_campaign,
    known_shop,
    services,
    show,
)


def campaign_test_send(
    campaign: str,
    to: Annotated[str, typer.Option("--to", help="A phone or e-mail of config/policy.yaml: test_addresses.")],
    shop: ShopOption = DEFAULT_SHOP,
    step: Annotated[str | None, typer.Option("--step", help="Default: the first.")] = None,
    variant: Annotated[
        str | None, typer.Option("--variant", help="Default: that of the candidate it tells of.")
    ] = None,
    locale: Annotated[str | None, typer.Option("--locale", help="zh-CN or en. Default: the shop's.")] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Send one message to a listed address, over the shop's real channel. Exit code 1 unless the provider took it."""
    from touchpoint.trial import Asked, send_test

    known_shop(shop)
    known_campaign(campaign)
    with services() as opened:
        asked = Asked(campaign, shop, to, instant(opened, as_of), step=step, variant=variant, locale=locale)
        sent = send_test(opened, asked)
    show([sent], as_json, "")
    if sent["state"] != "accepted":
        raise typer.Exit(1)
