"""Where an installation sends from: a copy of its database, or the database moved, claims nothing until adopted.

The seat is everything a server tells of itself and how the installation reaches it (ledger.seat_of_database). What
cannot be told from it stands in docs/operate.md.
"""

from __future__ import annotations

from touchpoint.db import Row, Transaction
from touchpoint.errors import LedgerError
from touchpoint.render.mask import star_addresses

PLACE = "ledger.environment"


def register_environment(tx: Transaction, environment_id: str) -> bool:
    """Take the first seat, right after the first migration; later calls change nothing.

    Args:
        tx: a transaction on the Touchpoint database.
        environment_id: UUID of this installation, as in the extra of connection `touchpoint`.

    Returns:
        Whether this call was the first.
    """
    return tx.count("outbox/environment_register", environment_id=environment_id, **tx.server) == 1


def differences(tx: Transaction, environment_id: str | None) -> list[Row]:
    """In what the database does not lie where its installation sends from; empty: it may send.

    Args:
        tx: a transaction on the Touchpoint database.
        environment_id: of the installation that asks; None takes it to be the database's own.

    Returns:
        difference (installation, server, database, data_directory, timeline, address, unregistered), seat, found.
    """
    return tx.many("outbox/environment_differs_by", environment_id=environment_id, **tx.server)


def demand_seat(tx: Transaction, environment_id: str | None) -> None:
    """Refuse to go on as if all were well where nothing can be claimed.

    Raises:
        LedgerError: the database is a copy, has moved, or is another installation's.
    """
    found = differences(tx, environment_id)
    if environment_id is None:
        found = [{"difference": "installation"}]
    if found:
        raise LedgerError(
            f"nothing is sent: this is not the database its installation sends from, or it has moved "
            f"(differs: {', '.join(row['difference'] for row in found)})",
            place=PLACE,
            remedy="a copy: leave it, or say sending: off in its shop files. The one that goes on after a move, a "
            "restore or a fail-over: `touchpoint environment adopt`, once the other can send no more",
        )


def adopt(tx: Transaction, environment_id: str, *, who: str, note: str) -> bool:
    """Take the seat where the database lies now, kept with who and why; an address in the note is starred.

    Returns:
        False: it sat there already.

    Raises:
        LedgerError: the database is another installation's: its addresses were hashed with another key.
    """
    if any(row["difference"] == "installation" for row in differences(tx, environment_id)):
        raise LedgerError(
            "the database is another installation's, and its addresses were hashed with that one's key",
            place=PLACE,
            remedy="give the connection `touchpoint` that installation's environment_id and hash_key first",
        )
    given = {"environment_id": environment_id, "who": who, "note": star_addresses(note), **tx.server}
    return tx.count("outbox/environment_adopt", **given) == 1
