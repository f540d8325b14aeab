"""The outbox and its messages, the gateway, its log and its daily logs."""

from datetime import date

from django.urls import path, register_converter

from smtp_gateway.views import gateway, log, message, outbox


class Day:
    """A day in an address: 2026-11-23."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, text: str) -> date:
        return date.fromisoformat(text)

    def to_url(self, day: date) -> str:
        return day.isoformat()


register_converter(Day, "day")

urlpatterns = [
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/do/", outbox.do, name="outbox-do"),
    path("outbox/<int:pk>/", message.message, name="message"),
    path("outbox/<int:pk>/html/", message.html, name="message-html"),
    path("outbox/<int:pk>/message.eml", message.eml, name="message-eml"),
    path("gateway/", gateway.gateway, name="gateway"),
    path("gateway/settings/", gateway.save, name="gateway-save"),
    path("gateway/start/", gateway.start, name="gateway-start"),
    path("gateway/stop/", gateway.stop, name="gateway-stop"),
    path("gateway/test/", gateway.test, name="gateway-test"),
    path("gateway/try/", gateway.try_connection, name="gateway-try"),
    path("gateway/send-from-here/", gateway.adopt, name="gateway-adopt"),
    path("gateway/log/", log.log, name="gateway-log"),
    path("daily-log/", log.latest_daily_log, name="daily-log"),
    path("daily-log/next/", log.next_daily_log, name="daily-log-next"),
    path("daily-log/next/html/", log.next_daily_log_html, name="daily-log-next-html"),
    path("daily-log/<day:day>/", log.daily_log_of, name="daily-log-of"),
    path("daily-log/<day:day>/html/", log.daily_log_html, name="daily-log-html"),
]
