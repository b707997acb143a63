"""Dense vision: one image, a label per pixel for every task."""
