"""Step times of methods, side by side."""
