"""Where examples come from: data sets, and what we generate."""
