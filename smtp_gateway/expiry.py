"""What is no longer worth delivering: *cancelled* if it was never tried, *bad* if the server put it off until too late.

What may have arrived already stays *maybe sent* and is not tried again. What is being sent goes on.
"""

from django.db import connection

from smtp_gateway.models import GatewayEvent


def take_out() -> int:
    """Take out what has expired; how many. Told once, without names."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE smtp_gateway_outboundmessage
               SET state = CASE WHEN times_uncertain > 0 THEN 'uncertain' WHEN attempts > 0 THEN 'bad'
                                ELSE 'cancelled' END,
                   not_before = CASE WHEN times_uncertain > 0 THEN NULL ELSE not_before END,
                   finished_at = CASE WHEN times_uncertain > 0 THEN NULL ELSE clock_timestamp() END,
                   stage = '',
                   reason = 'It could not be delivered in time.'
             WHERE state IN ('waiting', 'held', 'uncertain') AND expires_at <= clock_timestamp()
               AND (state <> 'uncertain' OR not_before IS NOT NULL)
            """
        )
        expired: int = cursor.rowcount
    if expired:
        messages = "1 message was" if expired == 1 else f"{expired} messages were"
        GatewayEvent.objects.create(
            action=GatewayEvent.Action.EXPIRED, sentence=f"{messages} not delivered in time and taken out."
        )
    return expired
