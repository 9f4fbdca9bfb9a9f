"""The campaign file: its keys, its strict loading, when it is due, and what a reader should look at twice."""
