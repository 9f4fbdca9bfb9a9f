"""The quality gate: expectations on landed batches, the verdict, and the quarantine of rows that broke a rule."""
