"""Addresses of sync."""

from django.urls import path

from apps.sync import views, views_catalogues, views_codes, views_hand, views_watch

app_name = "sync"
urlpatterns = [
    path("", views.station, name="station"),
    path("cac-tram/", views_watch.stations, name="stations"),
    path("so-do", views_watch.figures, name="figures"),
    path("noi-nhan/", views.receivers, name="receivers"),
    path("noi-nhan/<uuid:pk>/", views.receiver, name="receiver"),
    path("noi-nhan/<uuid:pk>/bat-tat/", views.switch, name="switch"),
    path("noi-nhan/<uuid:pk>/gui-lai/", views.send_all_again, name="send_all_again"),
    path("noi-nhan/<uuid:pk>/doi-chieu/", views.compare, name="compare"),
    path("noi-nhan/<uuid:pk>/gui-truoc-do/", views.earlier, name="earlier"),
    path("noi-nhan/<uuid:pk>/chay-lai/", views.resume, name="resume"),
    path("noi-nhan/<uuid:pk>/nop-tay/", views_hand.hand_list, name="hand_list"),
    path("noi-nhan/<uuid:pk>/nop-tay/lay/", views_hand.hand_list_take, name="hand_list_take"),
    path("noi-nhan/<uuid:pk>/nop-tay/tep/", views_hand.hand_list_file, name="hand_list_file"),
    path("noi-nhan/<uuid:pk>/nop-tay/bien-nhan/", views_hand.hand_list_receipt, name="hand_list_receipt"),
    path("noi-nhan/<uuid:pk>/ma/", views_codes.codes, name="codes"),
    path("noi-nhan/<uuid:pk>/ma/loai/", views_codes.kinds, name="codes_kinds"),
    path("noi-nhan/<uuid:pk>/ma/nhap/", views_codes.enter, name="codes_enter"),
    path("noi-nhan/<uuid:pk>/ma/tep/", views_codes.upload, name="codes_upload"),
    path("noi-nhan/<uuid:pk>/ma.xlsx", views_codes.download, name="codes_download"),
    path("danh-muc/", views_catalogues.catalogues, name="catalogues"),
    path("danh-muc/hoi/", views_catalogues.ask, name="catalogues_ask"),
    path("luot-kham/<uuid:pk>/", views.visit_panel, name="visit_panel"),
    path("<uuid:pk>/", views.row, name="row"),
    path("<uuid:pk>/gui-lai/", views.send_again, name="send_again"),
    path("<uuid:pk>/gui-tay/", views_hand.take, name="hand_take"),
    path("<uuid:pk>/gui-tay/tep/", views_hand.file, name="hand_file"),
    path("<uuid:pk>/gui-tay/bien-nhan/", views_hand.receipt, name="hand_receipt"),
    path("<uuid:pk>/goi-tin/", views.payload, name="payload"),
]
