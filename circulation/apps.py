"""Circulation: who has what, until when."""

from django.apps import AppConfig


class CirculationConfig(AppConfig):
    name = "circulation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from circulation import on_home, watched
        from library import slots

        watched.register()
        slots.needs.register(on_home.needs, order=60)
