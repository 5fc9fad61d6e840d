"""What must be fast, measured: `python -m bench` (results and how to read them: README.md)."""
