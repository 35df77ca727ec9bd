"""The pages of visits, by what one does there."""
