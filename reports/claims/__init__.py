"""What papers say of these methods, and what stored runs say to it."""
