"""Many requests, and many faults, against a server in a process of its own."""
