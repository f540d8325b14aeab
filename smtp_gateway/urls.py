"""The outbox and its messages."""

from django.urls import path

from smtp_gateway.views import message, outbox

urlpatterns = [
    path("", outbox.outbox, name="outbox"),
    path("do/", outbox.do, name="outbox-do"),
    path("<int:pk>/", message.message, name="message"),
    path("<int:pk>/html/", message.html, name="message-html"),
    path("<int:pk>/message.eml", message.eml, name="message-eml"),
]
