"""The ground's own pages: one module a part of the house."""
