"""The hamlets: /thon/."""

from django.urls import path

from apps.field import views, views_book, views_station

app_name = "field"

urlpatterns = [
    path("", views.home, name="home"),
    path("ho/", views.households, name="households"),
    path("ho/<uuid:pk>/", views.household, name="household"),
    path("ho/<uuid:pk>/bao/<slug:kind>/", views.tell_of, name="tell_of"),
    path("bao/<slug:kind>/", views.tell, name="tell"),
    path("da-bao/", views.told, name="told"),
    path("da-bao/<uuid:pk>/", views.proposal, name="proposal"),
    path("da-bao/<uuid:pk>/rut/", views.withdraw, name="withdraw"),
    path("so-a0/", views_book.sheets, name="book"),
    path("so-a0/so-a0.pdf", views_book.sheets_paper, name="book_paper"),
    path("so-a0/xuat/", views_book.sheets_export, name="book_export"),
    path("so-a0/thay-doi/", views_book.changes, name="changes"),
    path("so-a0/phieu-p0.pdf", views_book.slip, name="slip"),
    path("so-a0/tranh-thai/", views_book.months, name="months"),
    path("so-a0/tranh-thai/<uuid:pk>/", views_book.history, name="history"),
    path("de-xuat/", views_station.inbox, name="inbox"),
    path("de-xuat/<uuid:pk>/", views_station.decide, name="decide"),
    path("de-xuat/<uuid:pk>/khong-nhan/", views_station.refuse, name="refuse"),
]
