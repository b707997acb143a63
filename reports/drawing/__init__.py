"""Figures for papers and for the page, of one style."""
