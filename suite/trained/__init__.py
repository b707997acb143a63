"""What is done with a model that a run left."""
