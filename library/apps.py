"""Plug the house together: our broker for every process, and the roles among the standing rows, and what is watched."""

from importlib import import_module

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "library"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from library import access, audit, slots
        from library.models import Library

        import_module("library.celery")  # else the web's processes would send to a broker that nobody chose
        slots.standing_rows.register(access.make_roles, order=10)
        audit.watch(Library, fields=[field.name for field in Library._meta.concrete_fields if field.name != "id"])
        who = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"]
        audit.watch(User, fields=who, many=["groups"], secret=["password"])
