"""What is tried of every entry before it is judged, and which settings come out best."""
