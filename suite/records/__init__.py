"""The result of a run: its form, where it is kept, where it comes from. Free of torch."""
