from django.urls import path

from apps.core import alive, deciding, gallery, installation, views
from apps.core.pages import drafts, exports, guide, numbers, tasks

app_name = "core"

urlpatterns = [
    path("", views.home, name="home"),
    path("tim/", views.search_page, name="search"),
    path("tim/nhanh/", views.search_live, name="search_live"),
    path("cho-duyet/", deciding.changes, name="changes"),
    path("cho-duyet/<uuid:pk>/", deciding.decide, name="decide"),
    path("viec/<uuid:pk>/", views.job, name="job"),
    path("phien/", alive.alive, name="alive"),
    path("van-hanh/", installation.health, name="health"),
    path("van-hanh/kiem-tra/", installation.look_again, name="look_again"),
    path("van-hanh/in-thu/<str:size>.pdf", installation.printer_test, name="printer_test"),
    path("van-hanh/chuan-bi/", installation.golive_list, name="golive"),
    path("van-hanh/chuan-bi/<slug:key>/", installation.golive_tick, name="golive_tick"),
    path("giay/<str:code>/", views.paper, name="paper"),
    path("viec-can-lam/", tasks.tasks, name="tasks"),
    path("viec-can-lam/in.pdf", tasks.printed, name="tasks_printed"),
    path("viec-can-lam/<uuid:pk>/", tasks.task, name="task"),
    path("ban-nhap/", drafts.listed, name="drafts"),
    path("ban-nhap/<uuid:pk>/", drafts.go_on, name="draft"),
    path("ban-nhap/<uuid:pk>/bo/", drafts.drop, name="draft_drop"),
    path("ban-nhap/<slug:kind>/<uuid:object_id>/", drafts.keep, name="draft_keep"),
    path("tep-da-xuat/", exports.listed, name="exports"),
    path("tep-da-xuat/<uuid:pk>/", exports.take, name="export_take"),
    path("so-cap/", numbers.books, name="numbers"),
    path("so-cap/<uuid:pk>/", numbers.book, name="number_book"),
    path("huong-dan/", guide.contents, name="guide"),
    path("huong-dan/<slug:key>/", guide.chapter, name="guide_chapter"),
    path("giao-dien/", gallery.gallery, name="gallery"),
    path("giao-dien/loi/", gallery.empty_form, name="gallery_errors"),
    path("giao-dien/chon/", gallery.pick, name="gallery_pick"),
    path("giao-dien/bang/", gallery.grid_row, name="gallery_grid"),
    path("giao-dien/giay/<str:size>/", gallery.paper, name="gallery_paper"),
]
