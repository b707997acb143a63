"""Frozen networks: where their weights come from, how they are loaded and trained."""
