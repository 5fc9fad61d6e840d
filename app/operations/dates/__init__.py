"""Dates and clocks: a scheme's named dates and who may move them, working days, rehearsal clocks."""
