"""The schema says what everything is."""

from touchpoint.db import Transaction


def test_every_table_and_constraint_has_a_comment(tx: Transaction) -> None:
    assert tx.many("checks/schema/uncommented") == []
