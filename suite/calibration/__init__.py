"""What a track can tell apart: the runs that show it, and what they come to."""
