"""Plug the gateway into the house: its standing rows, what it does at boot, and what it says about its health."""

from django.apps import AppConfig


class SmtpGatewayConfig(AppConfig):
    name = "smtp_gateway"
    verbose_name = "SMTP gateway"
    default_auto_field = "django.db.models.BigAutoField"
