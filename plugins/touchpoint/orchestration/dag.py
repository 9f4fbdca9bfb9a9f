"""Builds the DAGs of a cadence, one a shop, from config/shops/ (scheduled) and config/rehearsals/ (by hand alone)."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, CronTriggerTimetable, Param, TriggerRule, task, task_group

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.orchestration import backfill_pool, tasks
from touchpoint.orchestration.approval import AskMarketer, task_id_of
from touchpoint.settings import CONFIG_ROOT, Shop, load_shop, shop_ids

SCHEDULE_SWITCH = "TOUCHPOINT_SCHEDULE_SWITCH"
"""Names a file that says `off` while the schedule is to wait (the first cycle of a fresh installation)."""
SHARDS = 2
INGEST_POOL = "touchpoint_ingest"
SEND_POOL = "touchpoint_send"
BEHIND_LIVE = {"pool": backfill_pool.POOL, "priority_weight": backfill_pool.LAST, "weight_rule": "absolute"}
"""For every task of a rehearsal: it visits the past as a backfill does, and waits with it."""
ALWAYS = TriggerRule.ALL_DONE
APPROVER = "Marketer"
"""The role that answers for a monthly campaign. Airflow's right to answer is the right to edit that DAG, so the role
may pause it as well, and nothing else of it; no other DAG gives it that."""
APPROVAL_RUNS = 4
"""A run whose question is open is not over: others of its DAG need not wait for it."""

DOC = """
### {shop_name}: {cadence}

Pulls what is new, refuses bad rows, brings the customer record to **as_of**, picks the campaigns that are due, decides
once for all of them, and sends each message once.

- **Report**: the tab *Touchpoint* of a run.
- **as_of**: `params.as_of`, else the logical date. Later than the clock is refused.
- **A run older than {freshness}, and every backfill, recomputes**: it compares with the ledger and sends nothing.
- **Clearing** a task is safe: a touch is one row, whatever runs twice.
- **Approval**: a campaign that asks for it waits in *Required Actions*; nothing else of the run waits for the answer.
- **Stop**: `touchpoint stop --shop {shop_id}`; works at the next claim.
- A campaign file that does not load is left out: see the task `config_check`.
"""


def shop_dags(cadence: str, cron: str, freshness: str, config: Path = CONFIG_ROOT) -> dict[str, DAG]:
    """The DAGs of a cadence by name. A shop whose file does not load has none; its error is raised after the others.

    Raises:
        ConfigError: naming the broken shop file, when no DAG could be built at all.
    """
    dags: dict[str, DAG] = {}
    broken: list[ConfigError] = []
    for folder in ("shops", "rehearsals"):
        for shop_id in shop_ids(config, folder):
            try:
                shop = load_shop(shop_id, config)
            except ConfigError as error:
                broken.append(error)
                continue
            dag = shop_dag(shop, cadence, cron if folder == "shops" else None, freshness, config)
            dags[dag.dag_id] = dag
    if broken and not dags:
        raise broken[0]
    for refused in broken:
        dag = _broken_shop_dag(cadence, refused)
        dags[dag.dag_id] = dag
    return dags


def shop_dag(shop: Shop, cadence: str, cron: str | None, freshness: str, config: Path = CONFIG_ROOT) -> DAG:
    """One shop's DAG of a cadence."""
    campaigns = [c for c in load_campaigns(config).by_id.values() if c.cadence == cadence and c.enabled]
    asks = any(campaign.approval != "none" for campaign in campaigns)
    with DAG(
        dag_id=f"touchpoints_{cadence}__{shop.id}",
        description=f"{shop.name}: campaigns of the {cadence} cadence, from order to report",
        schedule=CronTriggerTimetable(cron, timezone=shop.zone) if cron and _schedule_is_on() else None,
        start_date=datetime(2026, 1, 1, tzinfo=shop.tz),
        catchup=False,
        max_active_runs=APPROVAL_RUNS if asks else 1,
        # A question may stay open for days, and says itself for how many; each task has a limit of its own.
        dagrun_timeout=None if asks else timedelta(hours=2),
        # Airflow grants it whenever it reads the DAG of a new shop.
        access_control={APPROVER: {"DAGs": {"can_read", "can_edit"}}} if cadence == "monthly" else None,
        tags=["touchpoint", cadence, shop.id] + (["rehearsal"] if shop.realm != "live" else []),
        params=_params(shop),
        doc_md=DOC.format(shop_name=shop.name, shop_id=shop.id, cadence=cadence, freshness=freshness),
        default_args={
            "owner": "touchpoint",
            "retries": 2,
            "retry_delay": timedelta(seconds=20),
            "execution_timeout": timedelta(minutes=30),
            **({} if shop.realm == "live" else BEHIND_LIVE),
        },
    ) as dag:
        _wire(shop, cadence, campaigns)
    return dag


def _wire(shop: Shop, cadence: str, campaigns: list[Campaign]) -> None:
    ingest_pool, send_pool = (INGEST_POOL, SEND_POOL) if shop.realm == "live" else (backfill_pool.POOL,) * 2
    run_no = task(task_id="begin")(tasks.begin)(shop.id, cadence)
    extracted = (
        task(task_id="extract", pool=ingest_pool, map_index_template="{{ entity }}", retries=3)(tasks.extract)
        .partial(run_no=run_no)
        .expand(entity=read_entities(shop))
    )
    validated = _use_case("validate", run_no, pool=ingest_pool)
    loaded = _use_case("load", run_no, pool=ingest_pool)
    record = Asset(name=f"touchpoint_record__{shop.id}", uri=f"touchpoint://{shop.id}/record")
    refreshed = _use_case("refresh", run_no, pool=ingest_pool, outlets=[record])
    chosen = task.branch(task_id="choose")(tasks.choose)(run_no, [campaign.id for campaign in campaigns])
    none_due = EmptyOperator(task_id="no_campaign_due")
    planned = [_campaign_group(campaign, run_no) for campaign in campaigns]
    decided = _use_case("decide", run_no, trigger_rule=ALWAYS)
    sent = (
        task(task_id="dispatch", pool=send_pool, map_index_template="shard {{ shard }}", trigger_rule=ALWAYS)(
            tasks.dispatch
        )
        .partial(run_no=run_no)
        .expand(shard=list(range(SHARDS)))
    )
    reconciled = _use_case("reconcile", run_no, trigger_rule=ALWAYS)
    reported = _use_case("report", run_no, trigger_rule=ALWAYS)
    watched = task(task_id="watch", trigger_rule=ALWAYS, retries=0)(tasks.watch)()
    extracted >> validated >> loaded >> refreshed >> chosen >> [none_due, *planned] >> decided
    decided >> sent >> reconciled >> reported >> watched
    for campaign in campaigns:
        if campaign.approval != "none":
            # On decide alone: nothing waits for the answer. What it lets go, the next dispatch of any run sends.
            decided >> AskMarketer(
                task_id=task_id_of(campaign.id), campaign_id=campaign.id, owner=campaign.owner, trigger_rule=ALWAYS
            )
    if cadence == "daily":
        # Beside the campaigns: what it learns is for the next run.
        refreshed >> _use_case("learn", run_no) >> watched
        extracted >> _use_case("rescan", run_no, pool=ingest_pool) >> validated
        reconciled >> _use_case("upkeep", run_no, trigger_rule=ALWAYS) >> watched
    task(task_id="config_check", retries=0)(tasks.config_check)() >> watched


def read_entities(shop: Shop) -> list[str]:
    """The entities a shop's file says how to read; one at least, for a run that reads nothing goes on all the same."""
    configured = [str(entity) for entity in Entity if entity.value in shop.sources]
    return configured or [str(Entity.ORDER)]


def _use_case(name: str, run_no, **options):  # type: ignore[no-untyped-def]
    return task(task_id=name, **options)(tasks.use_case(name))(run_no)


def _campaign_group(campaign: Campaign, run_no):  # type: ignore[no-untyped-def]
    @task_group(group_id=campaign.id, tooltip=campaign.description)
    def group():  # type: ignore[no-untyped-def]
        return task(task_id="plan", owner=campaign.owner)(tasks.plan)(run_no, campaign.id)

    return group()


def _params(shop: Shop) -> dict[str, Param]:
    params = {
        "as_of": Param(
            None,
            type=["null", "string"],
            title="as_of",
            description="Instant to look from, with a time zone (2026-11-22T10:30:00+08:00). Empty: the logical date.",
        )
    }
    if shop.realm != "live":
        params["realm"] = Param(shop.realm, type="string", pattern=r"^[a-z][a-z0-9_-]*$", title="Rehearsal")
    return params


def _schedule_is_on() -> bool:
    switch = os.environ.get(SCHEDULE_SWITCH)
    return not switch or not Path(switch).is_file() or Path(switch).read_text(encoding="utf-8").strip() != "off"


def _broken_shop_dag(cadence: str, error: ConfigError) -> DAG:
    name = Path(error.place.split(":")[0]).stem or "unknown"
    with DAG(
        dag_id=f"touchpoints_{cadence}__{name}",
        description="This shop is stopped: its file does not load",
        schedule=None,
        tags=["touchpoint", cadence, "broken"],
        doc_md=f"### Stopped\n\n{error}",
    ) as dag:
        task(task_id="config_check", retries=0)(tasks.refuse)(str(error))
    return dag
