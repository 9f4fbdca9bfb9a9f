"""The simulated shop: who buys, what they order, what becomes of it; all a function of seed, anchor and instant."""
