"""A test send reaches listed addresses over the real channel, and touches nothing of the shop's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.flow.conftest import ANCHOR, SHOP, Flow, opened_flow

from touchpoint.db import Row
from touchpoint.errors import ChannelError, ConfigError, TouchpointError
from touchpoint.local.postgres import Server
from touchpoint.model import Channel, Outgoing
from touchpoint.outbox import stops
from touchpoint.services import Services
from touchpoint.settings import CONFIG_ROOT, load_shop
from touchpoint.trial import Asked, send_test

PHONE, MAIL = "+8613800138000", "colleague@sandbox.invalid"
POLICY = 'test_addresses: ["138-0013-8000", Colleague@sandbox.invalid]'
TABLES = (
    "ledger.message", "ledger.touch", "ledger.attempt", "ledger.run", "ledger.decision", "ledger.touch_cover",
    "ledger.candidate", "ledger.audience", "ledger.run_count", "ledger.holdout", "contact.contact_points",
    "facts.customers", "facts.orders", "record.customer_features",
)  # fmt: skip


@pytest.fixture(scope="module")
def flow(server: Server, loaded: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """An installation that lists two addresses."""
    folder = tmp_path_factory.mktemp("trial")
    shutil.copytree(CONFIG_ROOT, folder / "config")
    policy = folder / "config" / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    assert "test_addresses: []" in text
    policy.write_text(text.replace("test_addresses: []", POLICY), encoding="utf-8")
    with opened_flow(server, loaded, folder / "sandbox") as made:
        made.services = replace(made.services, config=folder / "config")
        yield made


def send(flow: Flow, to: str, campaign: str = "unpaid_reminder", **options: Any) -> Row:
    return send_test(flow.services, Asked(campaign, SHOP, to, options.pop("as_of", ANCHOR), **options))


def kept(flow: Flow) -> dict[str, int]:
    """Rows of every realm but test, and of the shop's own tables, by table; and their content as one hash."""
    found = {}
    for table in TABLES:
        rows = f"SELECT to_jsonb(t)::text AS r, to_jsonb(t) ->> 'realm' AS realm FROM {table} AS t"
        query = f"SELECT hashtext(coalesce(string_agg(r, '|' ORDER BY r), '')) FROM ({rows}) AS rows"
        found[table] = flow.rows(f"{query} WHERE realm IS DISTINCT FROM 'test'")[0][0]
    found.pop("ledger.attempt")  # has no realm of its own: told by its message below
    return found


def tried(flow: Flow) -> list[tuple[Any, ...]]:
    return flow.rows(
        "SELECT m.message_id, t.occasion, m.state, a.attempt_id, a.provider_ref FROM ledger.message AS m"
        " JOIN ledger.touch AS t USING (touch_id) LEFT JOIN ledger.attempt AS a USING (message_id)"
        " WHERE m.realm = 'test' ORDER BY m.message_id"
    )


def test_a_text_goes_to_a_listed_phone_and_leaves_the_shop_as_it_was(flow: Flow) -> None:
    before, texts = kept(flow), len(flow.sms())
    sent = send(flow, "138 0013 8000")
    assert (sent["state"], sent["channel"], sent["to"]) == ("accepted", "sms", "+86138****8000")
    assert sent["facts"].startswith("of order 2")
    [text] = flow.sms()[texts:]
    assert text["phone"].endswith("13800138000")
    assert text["content"] == sent["text"]
    assert "小明" in sent["text"]  # facts of a real order, nobody's name
    assert kept(flow) == before
    assert tried(flow)[-1][2] == "accepted"
    assert tried(flow)[-1][4] == sent["provider_ref"]
    assert flow.rows("SELECT count(*) FROM contact.contact_points WHERE customer_id LIKE 'test:%%'") == [(0,)]


def test_a_mail_goes_to_a_listed_address(flow: Flow) -> None:
    mails = len(flow.mails())
    sent = send(flow, MAIL, variant="loyal", locale="en")
    assert (sent["state"], sent["to"], sent["variant"]) == ("accepted", "c***@sandbox.invalid", "loyal")
    [mail] = flow.mails()[mails:]
    assert mail["to"] == [MAIL]
    assert mail["subject"] == sent["subject"]
    assert mail["text"].splitlines() == sent["text"].splitlines()


def test_it_can_be_repeated_each_time_as_an_occasion_of_its_own(flow: Flow) -> None:
    for _ in range(2):
        assert send(flow, PHONE)["state"] == "accepted"
    occasions = [row[1] for row in tried(flow)]
    assert len(set(occasions)) == len(occasions)
    attempts = [row[3] for row in tried(flow)]
    assert None not in attempts


@pytest.mark.parametrize("to", ["+8613912345678", "somebody@else.example", "021-555", ""])
def test_what_is_not_listed_is_refused_without_being_named(flow: Flow, to: str) -> None:
    before, rows = len(flow.sms()) + len(flow.mails()), len(tried(flow))
    with pytest.raises(ConfigError, match=r"not listed|no mobile number") as refused:
        send(flow, to)
    assert not to or to not in str(refused.value)
    assert (len(flow.sms()) + len(flow.mails()), len(tried(flow))) == (before, rows)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"step": "nobodys"}, "one of: remind"),
        ({"variant": "nobodys"}, "one of: loyal, new, offer"),
        ({"locale": "fr"}, "one of: en, zh-CN"),
        ({"campaign": "nobodys"}, "no campaign 'nobodys' loads"),
    ],
)
def test_what_a_campaign_has_not_is_refused_and_told(flow: Flow, wrong: dict[str, Any], told: str) -> None:
    rows = len(tried(flow))
    with pytest.raises(ConfigError, match=told):
        send(flow, PHONE, **wrong)
    assert len(tried(flow)) == rows


def test_where_no_candidate_fits_it_tells_sample_values(flow: Flow) -> None:
    sent = send(flow, PHONE, as_of=ANCHOR.replace(year=2020))
    assert (sent["facts"], sent["state"]) == ("sample values", "accepted")
    assert "128.00元" in sent["text"]


@pytest.mark.parametrize("campaign", sorted(path.stem for path in (CONFIG_ROOT / "campaigns").glob("*.yaml")))
@pytest.mark.parametrize("to", [PHONE, MAIL])
def test_every_campaign_and_step_can_be_tried(flow: Flow, campaign: str, to: str) -> None:
    from touchpoint.campaigns.load import load_campaigns

    spec = load_campaigns(flow.services.config).by_id[campaign]
    channel = Channel.EMAIL if "@" in to else Channel.SMS
    for step in spec.steps:
        if channel in step.channel:
            variant = next((each for each in spec.template_variants if each != "offer"), None)
            assert send(flow, to, campaign, step=step.id, variant=variant)["state"] == "accepted"


def test_an_answer_that_never_came_is_unknown_and_not_sent_again(flow: Flow) -> None:
    flow.sandbox.control("POST", "/control/faults", {"sms": {"error500_after_accept": {"count": 1}}})
    sent = send(flow, PHONE)
    assert (sent["state"], tried(flow)[-1][2]) == ("unknown", "unknown")


def test_a_provider_that_says_no_is_told(flow: Flow) -> None:
    flow.sandbox.control("POST", "/control/faults", {"smtp": {"reject_5xx": {"value": ["colleague@*"], "count": 1}}})
    sent = send(flow, MAIL)
    assert (sent["state"], sent["reason"]) == ("rejected", "smtp_550")


@pytest.mark.parametrize("scope", [{}, {"shop_id": SHOP}], ids=["everything", "the shop"])
def test_nothing_goes_while_everything_or_the_shop_is_stopped(flow: Flow, scope: dict[str, str]) -> None:
    before = len(flow.sms())
    with flow.services.db.transaction() as tx:
        stops.stop(tx, who="ops", **scope)
    try:
        with pytest.raises(TouchpointError, match="sending is stopped"):
            send(flow, PHONE)
    finally:
        with flow.services.db.transaction() as tx:
            stops.resume(tx, who="ops", **scope)
    assert len(flow.sms()) == before
    assert tried(flow)[-1][2] == "cancelled"


def test_a_stopped_campaign_and_a_shop_that_is_off_may_be_tried(flow: Flow) -> None:
    path = flow.services.config / "shops" / "sandbox.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sending: on", "sending: off"), encoding="utf-8")
    with flow.services.db.transaction() as tx:
        stops.stop(tx, who="ops", campaign_id="unpaid_reminder")
    try:
        assert send(flow, PHONE)["state"] == "accepted"
    finally:
        path.write_text(text, encoding="utf-8")
        with flow.services.db.transaction() as tx:
            stops.resume(tx, who="ops", campaign_id="unpaid_reminder")


def test_another_installation_s_copy_sends_no_test(flow: Flow) -> None:
    other = {**flow.services.connection.extra, "environment_id": "00000000-0000-0000-0000-000000000009"}
    copied = replace(flow.services, connection=replace(flow.services.connection, extra=other))
    with pytest.raises(TouchpointError, match="another installation's"):
        send(replace(flow, services=copied), PHONE)


def test_the_channel_itself_refuses_what_is_not_listed(flow: Flow) -> None:
    from touchpoint.channels import open_channel

    services: Services = flow.services
    shop = load_shop(SHOP, services.config)
    with pytest.raises(ChannelError, match="no addresses are listed"):
        open_channel(Channel.SMS, shop, services.resolve, "test")
    opened = open_channel(Channel.SMS, shop, services.resolve, "test", listed=frozenset({PHONE}))
    before = len(flow.sms())
    with pytest.raises(ChannelError, match="1 of 1 addresses are not listed"):
        opened.send("g", [Outgoing("a", 1, "+8613912345678", "h", template_code="SMS_900000101")])
    opened.close()
    assert len(flow.sms()) == before


def test_the_overview_shows_no_test_as_a_shop_s_run(flow: Flow) -> None:
    with flow.services.db.transaction() as tx:
        assert "test" not in {row["realm"] for row in tx.many("reports/latest_runs")}
    assert Path(flow.services.config).is_dir()
