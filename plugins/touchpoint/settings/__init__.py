"""What people write in config/ and what connections hold, read strictly: an error names file, key and remedy."""

from touchpoint.settings.connections import (
    TOUCHPOINT_CONNECTION,
    ConnectionInfo,
    Resolver,
    database_url,
    environment_connection,
    hash_key,
)
from touchpoint.settings.dormancy import Dormancy
from touchpoint.settings.load import CONFIG_ROOT, load_operations, load_policy, load_segments, load_shop, shop_ids
from touchpoint.settings.logistics import Logistics, Norms, load_logistics
from touchpoint.settings.needs import NEEDS, Need
from touchpoint.settings.offers import Offer, Terms, load_offers
from touchpoint.settings.reading import content_hash, parse_config, read_text, read_yaml, shown, yaml_of_text
from touchpoint.settings.segments import Cells, Rfm, RfmThresholds, Segments, ValueTiers
from touchpoint.settings.shapes import (
    Alerts,
    Blackout,
    Caps,
    EmailConfig,
    Operations,
    Policy,
    QuietHours,
    ReplaySpan,
    Shop,
    SmsConfig,
    SourceConfig,
)
from touchpoint.settings.tags import ManualTag, Tag, Tags, load_tags
from touchpoint.settings.values import MAIL_ADDRESS, Duration, Strict, TimeOfDay, parse_duration, parse_time

__all__ = [
    "CONFIG_ROOT",
    "MAIL_ADDRESS",
    "NEEDS",
    "TOUCHPOINT_CONNECTION",
    "Alerts",
    "Blackout",
    "Caps",
    "Cells",
    "ConnectionInfo",
    "Dormancy",
    "Duration",
    "EmailConfig",
    "Logistics",
    "ManualTag",
    "Need",
    "Norms",
    "Offer",
    "Operations",
    "Policy",
    "QuietHours",
    "ReplaySpan",
    "Resolver",
    "Rfm",
    "RfmThresholds",
    "Segments",
    "Shop",
    "SmsConfig",
    "SourceConfig",
    "Strict",
    "Tag",
    "Tags",
    "Terms",
    "TimeOfDay",
    "ValueTiers",
    "content_hash",
    "database_url",
    "environment_connection",
    "hash_key",
    "load_logistics",
    "load_offers",
    "load_operations",
    "load_policy",
    "load_segments",
    "load_shop",
    "load_tags",
    "parse_config",
    "parse_duration",
    "parse_time",
    "read_text",
    "read_yaml",
    "shop_ids",
    "shown",
    "yaml_of_text",
]
