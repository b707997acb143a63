"""Tasks of texts and text pairs, learned with an encoder and a head each."""
