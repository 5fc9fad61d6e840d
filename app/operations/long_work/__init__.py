"""What takes longer than a request: thousands decided, imported, exported, handed over, item by item."""
