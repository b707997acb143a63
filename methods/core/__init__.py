"""What methods are made of: the primitive, its PEFT plumbing, and what a method declares."""
