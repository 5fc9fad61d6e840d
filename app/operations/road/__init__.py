"""The one road by which a case moves: locked, caught up, stepped, projected and logged."""
