"""Rendered scenes with exact labels for the five tasks of PASCAL-Context."""
