"""Addresses under /man-tinh/. No address names a disease beside a person: programmes stand by enrolment."""

from django.urls import path

from apps.ncd import views, views_lists

app_name = "ncd"
urlpatterns = [
    path("", views_lists.listed, name="lists"),
    path("danh-sach.pdf", views_lists.listed_paper, name="lists_paper"),
    path("xuat/", views_lists.listed_export, name="lists_export"),
    path("so-a/", views_lists.book_a, name="book_a"),
    path("so-a/xuat/", views_lists.book_a_export, name="book_a_export"),
    path("so-a/so.pdf", views_lists.book_a_paper, name="book_a_paper"),
    path("so-b/", views_lists.book_b, name="book_b"),
    path("so-b/xuat/", views_lists.book_b_export, name="book_b_export"),
    path("so-b/so.pdf", views_lists.book_b_paper, name="book_b_paper"),
    path("kham/<uuid:visit_pk>/dua-vao/", views.take_in, name="take_in"),
    path("kham/<uuid:visit_pk>/<uuid:pk>/", views.follow, name="follow"),
    path("kham/<uuid:visit_pk>/<uuid:pk>/tinh/", views.said, name="said"),
    path("kham/<uuid:visit_pk>/<uuid:pk>/cap-lai/", views.refill, name="refill"),
    path("phieu/<uuid:pk>/", views.show, name="form"),
    path("phieu/<uuid:pk>/sua/", views.amend, name="amend"),
]
