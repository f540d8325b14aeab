"""Plug the house together: our broker for every process, and the roles among the standing rows."""

from importlib import import_module

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "library"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from library import access, slots

        import_module("library.celery")  # else the web's processes would send to a broker that nobody chose
        slots.standing_rows.register(access.make_roles, order=10)
