"""Organisations and regions, how they are related, and which of them holds a role for whom."""
