"""Colleagues on a case: who has a task, who is asked, told or stands in, what they keep at hand."""
