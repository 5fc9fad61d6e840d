"""Telling people: notices in the house, and the post that carries them out of it."""
