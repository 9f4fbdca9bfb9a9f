"""Landing rows and shop facts: land, merge, identity, contact points, and the head that guards them."""
