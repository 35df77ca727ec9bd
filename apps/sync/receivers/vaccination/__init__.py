"""The national vaccination system: who is told, what must be there, its Excel form, how it is spoken to."""
