"""The pages inside Airflow: server-rendered, behind its log-in, without scripts."""
