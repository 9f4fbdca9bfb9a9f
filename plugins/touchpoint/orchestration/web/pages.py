"""What a page is made of: figures, words and templates brought together. Nothing here decides or counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.campaigns.version import approval_versions
from touchpoint.clock import FRESHNESS, real_now
from touchpoint.db import Database, Row, Transaction
from touchpoint.errors import ConfigError
from touchpoint.model import Cadence
from touchpoint.render.messages import Renderer
from touchpoint.render.pages import render_page
from touchpoint.reports import approval, charts, failures, reasons, run, shops, words
from touchpoint.reports.offers import OfferUse, offers_of
from touchpoint.reports.samples import Sample, samples
from touchpoint.settings import Shop, load_offers, load_shop, shop_ids

LIVE = "live"
_OUR_DAG = re.compile(r"^touchpoints_(intraday|daily|monthly)__")


@dataclass(frozen=True)
class Face:
    """How a shop shows itself: its name and zone, or its id and UTC where its file does not load."""

    shop_id: str
    name: str
    zone: ZoneInfo
    zone_name: str
    shop: Shop | None
    problem: str = ""

    @property
    def is_off(self) -> bool:
        """Whether its file says sending: off."""
        return self.shop is not None and self.shop.sending == "off"

    def instant(self, at: datetime | None) -> str:
        """An instant in the shop's zone, the zone named."""
        return words.instant(at, self.zone)


@dataclass(frozen=True)
class ShopCard:
    """One shop of the overview."""

    face: Face
    state: shops.ShopState
    runs: list[shops.LatestRun]
    went_out: list[shops.WentOut]
    stops: list[Row]
    approvals: list[approval.State]
    offers: list[OfferUse]
    behind: str
    is_stale: bool


def face_of(shop_id: str, config: Path) -> Face:
    """How a shop shows itself."""
    try:
        shop = load_shop(shop_id, config)
    except ConfigError as error:
        return Face(shop_id, shop_id, ZoneInfo("UTC"), "UTC", None, str(error))
    return Face(shop_id, shop.name, shop.tz, shop.zone, shop)


def common_zone(faces: Iterable[Face]) -> ZoneInfo:
    """The zone some shops share; UTC where they do not share one."""
    zones = {face.zone for face in faces}
    return zones.pop() if len(zones) == 1 else ZoneInfo("UTC")


def run_page(database: Database, config: Path, dag_id: str, run_id: str) -> str:
    """The report of an Airflow DAG run, or why there is none."""
    with database.transaction() as tx:
        run.snapshot(tx)
        run_no = run.find_run(tx, dag_id, run_id)
        if run_no is None:
            return _no_report(dag_id)
        figures = run.figures(tx, run_no)
        face = face_of(figures.head.shop_id, config)
        campaigns = load_campaigns(config).by_id
        shown = _samples(tx, figures, face, campaigns)
        approvals = _approvals(tx, figures.head, campaigns)
        failed = failures.failures_of(tx, dag_id, run_id)
        sent = failures.sent_meanwhile(tx, run_no) if failed else 0
    return make_page(
        "run.html",
        title=f"{face.name}: {figures.head.cadence} run",
        face=face,
        figures=figures,
        head=figures.head,
        pictures={funnel.campaign_id: charts.funnel_svg(funnel) for funnel in figures.funnels},
        described={campaign_id: campaign.description for campaign_id, campaign in campaigns.items()},
        samples={
            funnel.campaign_id: [s for s in shown if s.campaign_id == funnel.campaign_id] for funnel in figures.funnels
        },
        unknown=sum(funnel.messages["unknown"] for funnel in figures.funnels),
        approvals=approvals,
        accepted={funnel.campaign_id: funnel.messages["accepted"] for funnel in figures.funnels},
        failed=failed,
        sent=sent,
        unread={found.subject: found for found in failed if found.stage == "extract" and found.subject},
        query=run_address,
    )


def overview_page(database: Database, config: Path, readable: Callable[[Iterable[str]], set[str]]) -> str:
    """Where every shop stands whose DAGs the user may read."""
    now = real_now()
    with database.transaction() as tx:
        run.snapshot(tx)
        latest = shops.latest_runs(tx)
        configured = {(LIVE, shop_id): dag_ids(shop_id) for shop_id in shop_ids(config)}
        allowed = readable({found.dag_id for found in latest} | {dag for dags in configured.values() for dag in dags})
        shown = [found for found in latest if found.dag_id in allowed]
        keys = {(found.realm, found.shop_id) for found in shown}
        keys |= {key for key, dags in configured.items() if allowed & set(dags)}
        cards = [_card(tx, realm, shop_id, shown, config, now) for realm, shop_id in sorted(keys)]
        stops = [stop for stop in shops.stops(tx) if stop["scope"] == "everything"]
        elsewhere = run.elsewhere(tx)
    return make_page(
        "overview.html",
        title="Touchpoint",
        live=[card for card in cards if card.state.realm == LIVE],
        rehearsals=[card for card in cards if card.state.realm != LIVE],
        stops=stops,
        elsewhere=elsewhere,
        zone=common_zone(card.face for card in cards if card.state.realm == LIVE),
        days=shops.MESSAGE_DAYS,
        went_out_days=shops.WENT_OUT_DAYS,
        query=run_address,
    )


def notice(title: str, text: str, remedy: str = "") -> str:
    """A page that says one thing."""
    return make_page("notice.html", title=title, text=text, remedy=remedy)


def _no_report(dag_id: str) -> str:
    if _OUR_DAG.match(dag_id):
        text = "Touchpoint knows nothing of this run yet: its first task, begin, has not succeeded."
        remedy = "Come back when it has, or look at its log."
    else:
        text = "Touchpoint has no report for this run: its DAG is none of Touchpoint's."
        remedy = ""
    return notice("No report", text, remedy)


def _samples(tx: Transaction, figures: run.RunFigures, face: Face, campaigns: dict[str, Campaign]) -> list[Sample]:
    if face.shop is None:
        return []
    clock = tx.maybe("runs/clock_read", realm=figures.head.realm)
    at = clock["at"] if clock else figures.head.as_of
    return samples(
        tx,
        run_no=figures.head.run_no,
        shop=face.shop,
        campaigns=campaigns,
        renderer=Renderer(),
        at=at,
    )


def business_time(tx: Transaction, head: run.RunHead) -> datetime:
    """What the business clock shows for a run: a rehearsal's stands at the instant it looks from."""
    clock = tx.maybe("runs/clock_read", realm=head.realm)
    return clock["at"] if clock else real_now() if head.realm == LIVE else head.as_of


def _approvals(tx: Transaction, head: run.RunHead, campaigns: dict[str, Campaign]) -> list[approval.State]:
    """Where the approvals of a run stand now; a rehearsal asks nobody."""
    if head.realm != LIVE:
        return []
    versions = approval_versions(campaigns.values())
    at = business_time(tx, head)
    return approval.states(tx, realm=head.realm, shop_id=head.shop_id, run_nos=[head.run_no], versions=versions, at=at)


def _open_approvals(tx: Transaction, realm: str, shop_id: str, config: Path, at: datetime) -> list[approval.State]:
    """What of a shop waits for a marketer's answer; a rehearsal asks nobody."""
    if realm != LIVE:
        return []
    versions = approval_versions(load_campaigns(config).by_id.values())
    found = approval.states(tx, realm=realm, shop_id=shop_id, run_nos=None, versions=versions, at=at)
    return [state for state in found if state.word == "open"]


def _card(
    tx: Transaction, realm: str, shop_id: str, latest: list[shops.LatestRun], config: Path, now: datetime
) -> ShopCard:
    own = [found for found in latest if (found.realm, found.shop_id) == (realm, shop_id)]
    # A rehearsal's clock stands at the instant its runs look from.
    at = now if realm == LIVE else max(found.as_of for found in own)
    state = shops.shop_state(tx, realm, shop_id, at)
    age = state.now - state.loaded_as_of if state.loaded_as_of else None
    return ShopCard(
        face=face_of(shop_id, config),
        state=state,
        runs=own,
        went_out=shops.went_out(tx, realm, shop_id, state.now),
        stops=[stop for stop in run.stops_of(tx, shop_id) if stop["scope"] != "everything"],
        approvals=_open_approvals(tx, realm, shop_id, config, state.now),
        offers=_offers(tx, realm, shop_id, config),
        behind=words.span(age) if age is not None else "",
        is_stale=realm == LIVE and age is not None and age > FRESHNESS["intraday"],
    )


def _offers(tx: Transaction, realm: str, shop_id: str, config: Path) -> list[OfferUse]:
    """Offers of a shop; none where its file, or that of the offers, does not load: that shows elsewhere."""
    try:
        return offers_of(tx, realm=realm, shop=load_shop(shop_id, config), offers=load_offers(config))
    except ConfigError:
        return []


def dag_ids(shop_id: str) -> list[str]:
    """Ids of the DAGs of a shop, one a cadence."""
    return [f"touchpoints_{cadence}__{shop_id}" for cadence in Cadence]


def run_address(dag_id: str, run_id: str) -> str:
    """Relative address of a run's report: it stays in the frame and below whatever prefix Airflow is served from."""
    return "run?" + urlencode({"dag_id": dag_id, "run_id": run_id})


def approval_address(dag_id: str, run_id: str, **more: str) -> str:
    """Relative address of the approval page of a run."""
    return "approval?" + urlencode({"dag_id": dag_id, "run_id": run_id, **more})


def make_page(name: str, **context: object) -> str:
    """A template below include/templates/reports, with the words and formats every page has."""
    return render_page(
        name,
        root=context.pop("root", ""),
        log_in=context.pop("log_in", ""),
        approval=approval_address,
        number=words.number,
        share=words.share,
        instant=words.instant,
        reason_meaning=reasons.meaning,
        words=words,
        **context,
    )
