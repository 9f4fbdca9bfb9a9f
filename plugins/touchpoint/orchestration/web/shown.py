"""Which shops a user may look at: those any of whose DAGs Airflow lets the user read."""

from __future__ import annotations

from pathlib import Path

from touchpoint.db import Transaction
from touchpoint.orchestration.web.auth import readable_dags
from touchpoint.orchestration.web.pages import dag_ids
from touchpoint.reports.shops import shops_with_data
from touchpoint.settings import shop_ids


def readable_shops(user: object, config: Path) -> list[str]:
    """Ids of shops whose pages the user may read, live ones first."""
    known = [*shop_ids(config), *shop_ids(config, "rehearsals")]
    allowed = readable_dags(user, {dag_id for shop_id in known for dag_id in dag_ids(shop_id)})
    return [shop_id for shop_id in known if allowed & set(dag_ids(shop_id))]


def offered_shops(tx: Transaction, config: Path, shown: list[str], asked: str) -> list[str]:
    """Those of some shops that are worth choosing: a rehearsal that never ran is not, unless it was asked for."""
    rehearsals = set(shop_ids(config, "rehearsals"))
    full = shops_with_data(tx, [shop_id for shop_id in shown if shop_id in rehearsals])
    return [shop_id for shop_id in shown if shop_id not in rehearsals or shop_id in full or shop_id == asked]
