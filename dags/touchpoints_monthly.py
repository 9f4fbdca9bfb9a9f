"""The monthly Airflow DAGs, one a shop: what goes once a month, most of it after a marketer has said yes."""

from touchpoint.orchestration.dag import shop_dags

# The first of the month at 10:00 shop time: whoever is asked to approve is at work, and has the day to look.
globals().update(shop_dags("monthly", "0 10 1 * *", freshness="3 days"))
