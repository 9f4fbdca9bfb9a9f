"""The daily Airflow DAGs, one a shop: the whole day's corrections, and campaigns that go by the day."""

from touchpoint.orchestration.dag import shop_dags

# 03:40 shop time: after the platform's own night jobs, before agents and buyers are awake.
globals().update(shop_dags("daily", "40 3 * * *", freshness="20 hours"))
