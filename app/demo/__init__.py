"""The demonstration: a rehearsal database full of cases, made by nothing but operations."""
