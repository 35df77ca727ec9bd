"""The sick-child form: what is asked of a child under five who is ill, and what it comes to (IMCI)."""
