"""The pages of circulation."""

from django.urls import path

from circulation.views import desk

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/scan/", desk.scan, name="desk-scan"),
    path("desk/do/", desk.do, name="desk-do"),
]
