"""The intraday Airflow DAGs, one a shop: unpaid orders, and whatever else cannot wait for tomorrow."""

from touchpoint.orchestration.dag import shop_dags

# Every five minutes: a reminder is due half an hour after the order, and is worth little an hour later.
globals().update(shop_dags("intraday", "*/5 * * * *", freshness="30 minutes"))
