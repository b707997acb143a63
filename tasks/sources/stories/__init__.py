"""Stories: a small world in plain English, instructions about it, and a language model of it."""
