"""Airflow around the use cases: DAGs, tasks, connections, pages."""
