"""Check a record against what it claims, and publish what passes."""
