"""The engine: from a request to a stored record. Importing it never imports torch."""
