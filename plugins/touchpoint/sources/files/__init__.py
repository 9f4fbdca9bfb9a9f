"""Exports in a folder: CSV, packed or not, read by a mapping file."""
