"""Signing in and out, the own password; served inside facilities.urls_accounts under the name `accounts`."""

from django.urls import path

from apps.accounts import views, views_lock, views_totp

urlpatterns = [
    path("dang-nhap/", views.sign_in, name="sign_in"),
    path("dang-nhap/ma/", views.code, name="code"),
    path("ma-xac-thuc/", views_totp.own_totp, name="totp"),
    path("khoa/", views_lock.lock, name="lock"),
    path("khoa/mo/", views_lock.unlock, name="unlock"),
    path("khoa/dong/", views_lock.close, name="close"),
    path("ma-pin/", views_lock.own_pin, name="pin"),
    path("dang-xuat/", views.sign_out, name="sign_out"),
    path("doi-mat-khau/", views.password, name="password"),
]
