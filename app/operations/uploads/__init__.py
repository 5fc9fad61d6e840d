"""Files that people send: judged by content, scanned, kept under their digest; tables among them are read."""
