"""Payments 缴费: at the counter, online through a provider, checked against its statements."""
