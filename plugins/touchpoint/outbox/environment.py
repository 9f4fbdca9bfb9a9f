"""Which installation a database belongs to: a restored copy on another server claims nothing."""

from __future__ import annotations

from touchpoint.db import Transaction


def register_environment(tx: Transaction, environment_id: str) -> bool:
    """Say it once, right after the first migration; later calls change nothing.

    Args:
        tx: a transaction on the Touchpoint database.
        environment_id: UUID of this installation, as in the extra of connection `touchpoint`.

    Returns:
        Whether this call was the first.
    """
    return tx.count("outbox/environment_register", environment_id=environment_id) == 1
