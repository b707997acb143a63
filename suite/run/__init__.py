"""One run, from a plan to a stored record."""
