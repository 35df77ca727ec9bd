"""Everything about accounts: signing in (the room below) and, with posts, their administration (here)."""

from django.urls import path

from apps.accounts.urls import urlpatterns as signing_in
from apps.facilities.views import accounts as views
from apps.facilities.views import api_keys, handover, roles, second_factor, sign_ins
from apps.facilities.views.hours import ask_hours
from apps.facilities.views.second import colleagues, decide_here
from apps.facilities.views.workplace import workplace

app_name = "accounts"

urlpatterns = [
    *signing_in,
    path("cho-duyet/<uuid:pk>/tai-day/", decide_here, name="decide_here"),
    path("dong-nghiep/<str:right>/", colleagues, name="colleagues"),
    path("noi-lam-viec/", workplace, name="workplace"),
    path("phien-cua-toi/", sign_ins.sessions, name="sessions"),
    path("phien-cua-toi/ket-thuc/", sign_ins.session_end, name="session_end"),
    path("ma-xac-thuc/bao-mat/", second_factor.totp_lost, name="totp_lost"),
    path("tai-khoan/<uuid:pk>/ma-xac-thuc/", second_factor.totp_confirm, name="totp_confirm"),
    path("tai-khoan/ma-truy-cap/", api_keys.token_list, name="tokens"),
    path("tai-khoan/ma-truy-cap/moi/", api_keys.token_new, name="token_new"),
    path("tai-khoan/ma-truy-cap/<uuid:pk>/thu-hoi/", api_keys.token_revoke, name="token_revoke"),
    path("tai-khoan/vai-tro/", roles.role_list, name="roles"),
    path("tai-khoan/vai-tro/moi/", roles.role_new, name="role_new"),
    path("tai-khoan/vai-tro/<uuid:pk>/", roles.role_page, name="role"),
    path("tai-khoan/vai-tro/<uuid:pk>/sua/", roles.role_edit, name="role_edit"),
    path("tai-khoan/vai-tro/<uuid:pk>/bat-tat/", roles.role_switch, name="role_switch"),
    path("tai-khoan/<uuid:pk>/ban-giao/", handover.handover, name="handover"),
    path("tai-khoan/nhat-ky/", sign_ins.sign_in_log, name="sign_in_log"),
    path("quyen-theo-gio/", ask_hours, name="hours"),
    path("tai-khoan/", views.account_list, name="list"),
    path("tai-khoan/moi/", views.account_new, name="new"),
    path("tai-khoan/<uuid:pk>/", views.account_page, name="page"),
    path("tai-khoan/<uuid:pk>/sua/", views.account_edit, name="edit"),
    path("tai-khoan/<uuid:pk>/phieu/", views.account_slip, name="slip"),
    path("tai-khoan/<uuid:pk>/trang-thai/", views.account_toggle, name="toggle"),
    path("tai-khoan/<uuid:pk>/vi-tri/moi/", views.post_new, name="post_new"),
    path("tai-khoan/vi-tri/<uuid:pk>/thon/", views.post_hamlets, name="post_hamlets"),
    path("tai-khoan/vi-tri/<uuid:pk>/thu-hoi/", views.post_revoke, name="post_revoke"),
]
