"""Decide: who of the candidates hears something, when and how, and why the others do not. Policy is pure."""
