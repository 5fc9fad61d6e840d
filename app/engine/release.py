"""Which engine made a call: what a replay has to be by, to give equal bytes (decision 1)."""

from importlib.metadata import version

RELEASE = f"1+{version('SpiffWorkflow')}"
"""Ours and the library's. Ours is raised whenever a call may lead elsewhere than it did before."""
