"""Who gets in: accounts of organisations and of applicants, passwords, sessions, the second factor."""
