"""Servers on loopback, for tests that want a real socket and no network."""
