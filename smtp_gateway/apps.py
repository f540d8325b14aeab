"""Plug the gateway into the house: its standing rows, what it does at boot, and what it says about its health."""

from django.apps import AppConfig


class SmtpGatewayConfig(AppConfig):
    name = "smtp_gateway"
    verbose_name = "SMTP gateway"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from library import slots
        from smtp_gateway import erase, lifecycle, watchdog
        from smtp_gateway.views import on_home

        slots.standing_rows.register(lifecycle.make_standing_rows, order=10)
        slots.boot_verbs.register(lifecycle.boot, order=10)
        slots.health_checks.register(watchdog.findings, order=10)
        slots.needs.register(on_home.needs, order=20)
        slots.erasers.register(erase.erase)
