"""The customer record: what is derived from facts about each customer, and the words for where they stand."""
