"""Whose gateway this is: a database that was copied or restored elsewhere must stay quiet (G9).

The identity is an HMAC over the site's address and what PostgreSQL knows of its own cluster and database. It is
compared before every connection. Different: the gateway stops, and everything on its way is held until a person says
that this installation is the one to send it.
"""

import hashlib
import hmac

from django.conf import settings
from django.db import connection, transaction

from library import secrets
from smtp_gateway.models import Gateway, GatewayEvent, OutboundMessage

HELD_BECAUSE = "Held: this database is a copy, and the original may have sent it."
SENTENCE = "This database is a copy of another installation's, or was moved. The gateway stays quiet until you confirm."


def here() -> str:
    """This installation's identity, as 64 hexadecimal digits."""
    return _signed(_facts(), key=secrets.secret_key())


def is_ours(gateway: Gateway) -> bool:
    """Whether this row was made here, with this key or a former one. A row without an identity takes this one."""
    facts = _facts()
    if not gateway.identity:
        Gateway.objects.filter(pk=1, identity="").update(identity=_signed(facts, key=secrets.secret_key()))
        return True
    keys = (secrets.secret_key(), *secrets.former_keys())
    return any(hmac.compare_digest(gateway.identity, _signed(facts, key=key)) for key in keys)


def _facts() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())"
            " FROM pg_control_system()"
        )
        cluster, database = cursor.fetchone()
    return f"{settings.SITE_URL}|{cluster}|{database}"


def _signed(facts: str, *, key: str) -> str:
    return hmac.new(key.encode(), facts.encode(), hashlib.sha256).hexdigest()


def is_a_copy() -> bool:
    """For others who act by themselves: a copy's daily run stays off as well."""
    return Gateway.the().stop_cause == Gateway.StopCause.COPY or not is_ours(Gateway.the())


def keep_quiet() -> int:
    """Hold everything that waits, is reserved or is uncertain; how many.

    What is begun ends as it ends, or is put right by ``leases.recover``: it may be on the wire.
    """
    state = OutboundMessage.State
    rows = OutboundMessage.objects.still_in(state.WAITING, state.UNCERTAIN)
    return rows.update(state=state.HELD, stage="", lease_token=None, reason=HELD_BECAUSE)


def adopt(*, by: str) -> int:
    """A person says that this installation is the one: it takes the identity, and what was held for it is released.

    The gateway stays stopped until it is started. What may have been sent by the original is *maybe sent*. Returns how
    many messages were released.
    """
    state = OutboundMessage.State
    with transaction.atomic():
        gateway = Gateway.objects.select_for_update().get(pk=1)
        gateway.identity = here()
        if gateway.stop_cause == Gateway.StopCause.COPY:
            gateway.stop_cause = Gateway.StopCause.PERSON
            gateway.stop_sentence = ""
        gateway.save(update_fields=["identity", "stop_cause", "stop_sentence"])
        held = OutboundMessage.objects.held().filter(reason=HELD_BECAUSE)
        unsure = held.filter(times_uncertain__gt=0).update(state=state.UNCERTAIN, not_before=None, reason="")
        released = unsure + held.filter(times_uncertain=0).update(state=state.WAITING, reason="")
        GatewayEvent.objects.create(
            action=GatewayEvent.Action.BY_HAND,
            sentence=f"Confirmed that this installation sends the mail; messages released: {released}.",
            by=by,
        )
    return released
