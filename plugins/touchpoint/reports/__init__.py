"""Figures and charts: every number comes from the ledger through one statement below include/sql/reports/."""
