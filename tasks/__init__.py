"""What is learned: data, heads, losses, metrics, and the tracks that put them together."""
