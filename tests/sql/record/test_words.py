"""Two shops number words at once: neither waits for the other while the other waits for it."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError
from tests.sql.decide.building import AS_OF, add_order, make_shop

from touchpoint.db import Database, Transaction
from touchpoint.record import narrow

DAY = timedelta(days=1)
FIRST = {"north": ("alder", "birch"), "south": ("birch", "alder")}
"""The region and the device of each shop's orders: classes of words are numbered one after the other."""


def _told(database: Database, shop_id: str, words: tuple[str, str], batch: int) -> None:
    region, device = words
    with database.transaction() as tx:
        order = {"paid_at": AS_OF - DAY, "region": region, "device": device, "batch_id": batch, "shop_id": shop_id}
        add_order(tx, f"{shop_id}-{batch}", f"{shop_id} buyer", AS_OF - DAY, **order)


def _collect(tx: Transaction, shop_id: str, batch: int) -> None:
    narrow.collect(tx, shop=make_shop(id=shop_id), as_of=AS_OF, batch_ids=[batch])


def _both_at_once(database: Database, monkeypatch: Any, *, wait: float) -> list[Exception]:
    """Errors of two shops' refreshes, each of which has numbered one word of two, if both may."""
    for shop_id in FIRST:  # their first refreshes are over: nothing but words makes one wait for the other
        _told(database, shop_id, ("known", "known"), 1)
        with database.transaction() as tx:
            _collect(tx, shop_id, 1)
    for shop_id, words in FIRST.items():
        _told(database, shop_id, words, 2)
    both = threading.Barrier(2)
    failed: list[Exception] = []
    count = Transaction.count

    def meet_after_a_word(tx: Transaction, name: str, **given: Any) -> int:
        done = count(tx, name, **given)
        if name == "narrow/add_words":
            with suppress(threading.BrokenBarrierError):
                both.wait(timeout=wait)
        return done

    def refresh(shop_id: str) -> None:
        try:
            with database.transaction() as tx:
                _collect(tx, shop_id, 2)
        except DBAPIError as error:
            failed.append(error)
            both.abort()  # the other one's second word has nobody to meet

    monkeypatch.setattr(Transaction, "count", meet_after_a_word)
    threads = [threading.Thread(target=refresh, args=(shop_id,)) for shop_id in FIRST]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_two_shops_that_number_the_same_words_in_other_orders_both_end(database: Database, monkeypatch: Any) -> None:
    assert _both_at_once(database, monkeypatch, wait=0.3) == []
    with database.transaction() as tx:
        found = tx.connection.exec_driver_sql(
            "SELECT shop_id, region.word, device.word FROM record.paid_orders"
            " JOIN record.words AS region ON region.word_no = region_no"
            " JOIN record.words AS device ON device.word_no = device_no WHERE region.word <> 'known' ORDER BY 1"
        )
        assert [(row[0], (row[1], row[2])) for row in found] == list(FIRST.items())


def test_without_waiting_one_of_them_is_ended_by_the_database(database: Database, monkeypatch: Any) -> None:
    one = Transaction.one
    nothing: dict[str, Any] = {}
    monkeypatch.setattr(
        Transaction, "one", lambda tx, name, **given: nothing if name == "narrow/hold_words" else one(tx, name, **given)
    )
    (error,) = _both_at_once(database, monkeypatch, wait=20)
    assert "deadlock detected" in str(error)
