"""Everything about accounts: signing in (the room below) and, with posts, their administration (here)."""

from django.urls import path

from apps.accounts.urls import urlpatterns as signing_in
from apps.facilities.views import accounts as views
from apps.facilities.views.workplace import workplace

app_name = "accounts"

urlpatterns = [
    *signing_in,
    path("noi-lam-viec/", workplace, name="workplace"),
    path("tai-khoan/", views.account_list, name="list"),
    path("tai-khoan/moi/", views.account_new, name="new"),
    path("tai-khoan/<uuid:pk>/", views.account_page, name="page"),
    path("tai-khoan/<uuid:pk>/sua/", views.account_edit, name="edit"),
    path("tai-khoan/<uuid:pk>/phieu/", views.account_slip, name="slip"),
    path("tai-khoan/<uuid:pk>/trang-thai/", views.account_toggle, name="toggle"),
    path("tai-khoan/<uuid:pk>/vi-tri/moi/", views.post_new, name="post_new"),
    path("tai-khoan/vi-tri/<uuid:pk>/thu-hoi/", views.post_revoke, name="post_revoke"),
]
