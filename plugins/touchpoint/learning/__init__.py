"""What a shop's own data teaches: parameters by version, curves, models of buyers, and backtests of them."""
