"""What this room offers to the house."""
