"""How the runs of a request are spread over what there is to compute with."""
