"""The pages of notices."""

from django.urls import path

from notices.views import again, letters

urlpatterns = [
    path("letters/", letters.letters, name="letters"),
    path("letters/show/", letters.show, name="letters-show"),
    path("letters/<int:pk>/", letters.look, name="letters-look"),
    path("letters/<int:pk>/send/", letters.send, name="letters-send"),
    path("letters/letter/<int:pk>/html/", letters.html, name="letters-letter-html"),
    path("outbox/<int:pk>/write-again/", again.write_again, name="message-write-again"),
]
