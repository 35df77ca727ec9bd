"""The reception desk: who comes, with which card, in which order, called to which room."""
