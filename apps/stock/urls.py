"""The stock: /kho/."""

from django.urls import path

from apps.stock import printing
from apps.stock.views import files, items, papers, places, reports, stock

app_name = "stock"

urlpatterns = [
    path("", stock.balances, name="home"),
    path("xuat-nhap-ton/", reports.balance, name="report"),
    path("xuat-nhap-ton/xuat-nhap-ton.pdf", printing.balance, name="report_paper"),
    path("xuat-nhap-ton/xuat-nhap-ton.xlsx", reports.balance_book, name="report_book"),
    path("xuat-nhap-ton/so-kiem-soat.pdf", printing.controlled_book, name="controlled_book"),
    path("phieu/<uuid:pk>/lap-lai/", papers.again, name="again"),
    path("mat-hang/<uuid:pk>/the-kho.pdf", printing.card, name="card"),
    path("phieu/<uuid:pk>/phieu.pdf", printing.sheet, name="sheet"),
    path("mat-hang/them/", items.add, name="item_add"),
    path("mat-hang/<uuid:pk>/", items.show, name="item"),
    path("mat-hang/<uuid:pk>/sua/", items.change, name="item_change"),
    path("lo/<uuid:pk>/", items.lot, name="lot"),
    path("noi-de/", places.listed, name="places"),
    path("noi-de/them/", places.add, name="place_add"),
    path("noi-de/<uuid:pk>/", places.change, name="place_change"),
    path("phieu/", papers.listed, name="papers"),
    path("phieu/moi/<slug:kind>/", papers.begin, name="begin"),
    path("phieu/<uuid:pk>/", papers.show, name="paper"),
    path("phieu/<uuid:pk>/dau-phieu/", papers.head, name="head"),
    path("phieu/<uuid:pk>/dong/", papers.row, name="row"),
    path("phieu/<uuid:pk>/tu-excel/", files.take, name="file"),
    path("phieu/<uuid:pk>/ghi-so/", papers.post, name="post"),
    path("phieu/<uuid:pk>/huy-ghi-so/", papers.take_back, name="take_back"),
    path("phieu/<uuid:pk>/bo/", papers.drop, name="drop"),
]
