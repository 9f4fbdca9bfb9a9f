"""Touchpoint: customer-retention software for online shops, run as Airflow pipelines on PostgreSQL."""
