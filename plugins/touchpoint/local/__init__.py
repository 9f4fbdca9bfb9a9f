"""Everything on one machine, natively: PostgreSQL from a wheel, the sandbox, Airflow. `make run` and the tests use it."""
