"""Staff pages of the room."""
