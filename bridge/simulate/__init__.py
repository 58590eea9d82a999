"""Scripted days in simulated time: the whole application against the sandbox, and a count of what came of it."""
