"""Worklists: tasks for people, found by a statement a kind, with the outcome a person records."""
