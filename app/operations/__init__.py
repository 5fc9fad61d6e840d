"""Verbs: the only writers. They take the actor and the instant, and never commit."""

# Importing a capability's module puts it on the allow-list.
from app.operations import notices as notices
from app.operations import places as places
