"""Trying a scheme before people depend on it: scenarios on made-up worlds, and dry runs."""
