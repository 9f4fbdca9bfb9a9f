"""A channel that cannot be opened is told of and leaves the other one alone; mended, its messages go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.flow.conftest import ANCHOR, Flow

from touchpoint import pipeline
from touchpoint.errors import ChannelError, ConfigError
from touchpoint.settings import ConnectionInfo, load_shop


def states(flow: Flow) -> set[tuple[str, str]]:
    return set(flow.rows("SELECT channel, state FROM ledger.message"))


def test_mail_without_a_connection_stops_no_text(flow: Flow) -> None:
    whole = flow.services

    def no_mail(conn_id: str) -> ConnectionInfo:
        if conn_id == "sandbox_smtp":
            raise ConfigError("connection 'sandbox_smtp' is not set", place="here", remedy="set it")
        return whole.resolve(conn_id)

    flow.services = replace(whole, resolve=no_mail)
    with pytest.raises(ChannelError, match="connection 'sandbox_smtp' is not set"):
        flow.run(ANCHOR)
    assert {("sms", "accepted"), ("email", "waiting")} <= states(flow)
    assert not {("sms", "waiting"), ("email", "accepted")} & states(flow)
    assert flow.sms()
    [(run_no,)] = flow.rows("SELECT max(run_no) FROM ledger.run")
    with pytest.raises(ChannelError, match="sandbox_smtp"):
        pipeline.reconcile(flow.services, run_no)  # the ledger adds up, or it would say so
    texts = len(flow.sms())
    flow.services = whole
    pipeline.dispatch(flow.services, run_no, 0, 1)
    pipeline.reconcile(flow.services, run_no)
    assert ("email", "waiting") not in states(flow)
    assert flow.mails()
    assert len(flow.sms()) == texts


def test_a_channel_that_its_connection_makes_impossible_is_named_without_what_it_holds(flow: Flow) -> None:
    whole = flow.services

    def wrong(conn_id: str) -> ConnectionInfo:
        found = whole.resolve(conn_id)
        return replace(found, extra={**found.extra, "proxies": "a secret"}) if conn_id == "sandbox_sms" else found

    flow.services = replace(whole, resolve=wrong)
    with pytest.raises(ChannelError, match=r"sms cannot be opened \(ValueError\)") as told:
        flow.run(ANCHOR)
    assert "a secret" not in str(told.value)
    assert {("email", "accepted"), ("sms", "waiting")} <= states(flow)
    assert flow.sms() == []


def test_a_shop_without_any_channel_reconciles(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = load_shop("sandbox").model_copy(update={"sms": None, "email": None})
    monkeypatch.setattr("touchpoint.pipeline.sending.load_shop", lambda *_: bare)
    flow.at(ANCHOR)
    run = pipeline.begin(flow.services, flow.trigger(ANCHOR))
    assert pipeline.reconcile(flow.services, run.run_no) == {}
