"""Families of tasks: how text, dense vision and language are learned and scored."""
