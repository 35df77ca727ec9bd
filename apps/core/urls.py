from django.urls import path

from apps.core import alive, gallery, views

app_name = "core"

urlpatterns = [
    path("", views.home, name="home"),
    path("tim/", views.search_page, name="search"),
    path("tim/nhanh/", views.search_live, name="search_live"),
    path("viec/<uuid:pk>/", views.job, name="job"),
    path("phien/", alive.alive, name="alive"),
    path("giay/<str:code>/", views.paper, name="paper"),
    path("giao-dien/", gallery.gallery, name="gallery"),
    path("giao-dien/loi/", gallery.empty_form, name="gallery_errors"),
    path("giao-dien/chon/", gallery.pick, name="gallery_pick"),
    path("giao-dien/bang/", gallery.grid_row, name="gallery_grid"),
    path("giao-dien/giay/<str:size>/", gallery.paper, name="gallery_paper"),
]
