"""Instruction tasks for language models: a prompt, answered in words or by choosing."""
