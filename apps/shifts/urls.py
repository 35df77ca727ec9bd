from django.urls import path

from apps.shifts import views

app_name = "shifts"
urlpatterns = [
    path("", views.day, name="day"),
    path("in.pdf", views.day_paper, name="day_paper"),
    path("so-ban-giao/", views.book, name="book"),
    path("ban-giao/<uuid:pk>/", views.handover, name="handover"),
    path("ban-giao/<uuid:pk>/nhan/", views.take, name="take"),
    path("ban-giao/<uuid:pk>/nhan-tai-day/", views.take_here, name="take_here"),
    path("ban-giao/<uuid:pk>/ghi-chu/", views.change, name="change"),
    path("ban-giao/<uuid:pk>/rut-lai/", views.withdraw, name="withdraw"),
    path("ban-giao/<uuid:pk>/ban-giao.pdf", views.handover_paper, name="handover_paper"),
]
