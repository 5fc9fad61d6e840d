"""How somebody is found: sort keys of names, search keys, ID numbers at rest, look-ups by a whole number."""
