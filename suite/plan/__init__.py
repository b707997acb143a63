"""From a request to the runs it means; nothing is trained here."""
