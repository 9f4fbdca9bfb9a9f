"""Samples show what the buyer sees, masked, and never more."""

from __future__ import annotations

from tests.sql.reports import ledger

from touchpoint.campaigns.load import load_campaigns
from touchpoint.db import Transaction
from touchpoint.model import Channel, Purpose
from touchpoint.render.messages import Renderer, message_context
from touchpoint.reports.samples import PER_CAMPAIGN, Sample, samples
from touchpoint.settings import load_shop


def shown(tx: Transaction, run_no: int, **given: object) -> list[Sample]:
    options = {"campaigns": load_campaigns().by_id, "renderer": Renderer(), "at": ledger.AS_OF, **given}
    return samples(tx, run_no=run_no, shop=load_shop(ledger.SHOP), **options)  # type: ignore[arg-type]


def test_samples_are_of_as_many_kinds_as_there_are(tx: Transaction) -> None:
    run_no = ledger.seed(tx)
    found = shown(tx, run_no)
    assert [(sample.channel, sample.locale) for sample in found] == [
        (Channel.SMS, "zh-CN"), (Channel.EMAIL, "zh-CN"), (Channel.SMS, "en"),
    ]  # fmt: skip
    assert len(found) == PER_CAMPAIGN
    assert [sample.problem for sample in found] == ["", "", ""]


def test_every_channel_has_a_sample_however_many_kinds_another_has(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    for number, locale in enumerate(("zh-CN", "en", "fr", "de"), start=1):
        ledger.add_message(tx, run_no, number, locale=locale)
    ledger.add_message(tx, run_no, 5, channel="email")
    found = [(sample.channel, sample.locale) for sample in shown(tx, run_no)]
    assert found == [(Channel.SMS, "zh-CN"), (Channel.EMAIL, "zh-CN"), (Channel.SMS, "en")]


def test_addresses_and_names_are_masked(tx: Transaction) -> None:
    chinese, letter, english = shown(tx, ledger.seed(tx))
    assert (chinese.address, letter.address) == ("+86139****5678", "w***@example.com")
    assert chinese.text.startswith("【青禾小铺】王**，")
    told = repr((chinese, letter, english))
    assert [secret for secret in ("王小明", ledger.EMAIL, "13912345678", "alert") if secret in told] == []


def test_a_letter_has_its_subject_and_text(tx: Transaction) -> None:
    letter = shown(tx, ledger.seed(tx))[1]
    assert letter.subject.startswith("王**")
    assert "order-2" in letter.text


def test_a_text_that_went_out_is_compared_with_what_is_rendered_now(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    ledger.add_message(tx, run_no, 1)
    assert shown(tx, run_no)[0].is_as_sent is None
    [row] = tx.many("outbox/context/order", message_ids=[1], at=ledger.AS_OF)
    shop = load_shop(ledger.SHOP)
    sent = Renderer().render(
        shop=shop, campaign=ledger.CAMPAIGN, locale="zh-CN", template="remind", variant="new", channel=Channel.SMS,
        purpose=Purpose.TRANSACTIONAL, context=message_context(shop, {**row, "offer": "none"}, ledger.AS_OF),
    )  # fmt: skip
    _store(tx, sent.digest)
    assert shown(tx, run_no)[0].is_as_sent is True
    _store(tx, "another")
    assert shown(tx, run_no)[0].is_as_sent is False


def test_a_message_of_a_campaign_that_is_gone_says_so(tx: Transaction) -> None:
    [sample] = [found for found in shown(tx, ledger.seed(tx), campaigns={}) if found.channel == Channel.EMAIL]
    assert (sample.text, sample.problem) == ("", "its campaign file is gone")


def test_a_message_whose_orders_were_all_struck_says_so(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    ledger.add_message(tx, run_no, 1, state="cancelled", reason="paid")
    ledger.execute(tx, "UPDATE ledger.touch_cover SET released_as_of = %(at)s", at=ledger.AS_OF)
    assert shown(tx, run_no)[0].problem == "there is nothing left to tell"


def test_a_forgotten_address_is_no_address(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    ledger.add_message(tx, run_no, 1)
    ledger.execute(tx, "DELETE FROM contact.contact_points")
    assert shown(tx, run_no)[0].address == ""


def _store(tx: Transaction, digest: str) -> None:
    ledger.execute(
        tx, "UPDATE ledger.message SET rendered_hash = %(digest)s, rendered_at = %(at)s", digest=digest, at=ledger.AS_OF
    )
