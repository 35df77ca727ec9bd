"""Addresses of visits."""

app_name = "encounters"
urlpatterns: list = []
