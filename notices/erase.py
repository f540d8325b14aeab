"""Somebody is erased: letters to them, and letters that speak of their loans, lose their words.

A letter that also concerns a sister or brother loses its body, too: what it said of one cannot be told from what it
said of the other. What still waits was written again without the person before this is asked. Rows and counts stay.
"""

from django.db.models import Q, QuerySet

from library.slots import Erasing
from library.sweep import ERASED
from notices.models import Letter, Line, Notice
from smtp_gateway import erase as gateway
from smtp_gateway.models import OutboundMessage


def erase(erasing: Erasing) -> None:
    """Raises EraseRefused while one of the messages is being sent."""
    own = Q(patron__in=erasing.patrons) | Q(guardian__in=erasing.guardians) | Q(also_guardian__in=erasing.guardians)
    own_letters = set(Letter.objects.filter(own).values_list("pk", flat=True))
    lines = Line.objects.filter(notice__loan__patron__in=erasing.patrons)
    about = _letters_of(lines)
    spoken = Line.objects.filter(letter__in=about, taken_out_at=None)
    written_again = _letters_of(spoken) - _letters_of(lines.filter(taken_out_at=None)) - own_letters
    gateway.blank(_messages(about | own_letters, besides=written_again))
    Letter.objects.filter(pk__in=(about | own_letters) - written_again).update(subject="", text="", html="", why="")
    Letter.objects.filter(pk__in=own_letters).exclude(to="").update(to=ERASED)
    Letter.objects.filter(also_guardian__in=erasing.guardians).update(also_guardian=None)
    Notice.objects.filter(loan__patron__in=erasing.patrons).update(why="")


def _letters_of(lines: QuerySet[Line]) -> set[int]:
    return set(lines.values_list("letter", flat=True))


def _messages(letters: set[int], *, besides: set[int]) -> list[int]:
    """All that were ever made of these letters; of those written again, all but what goes out now.

    Rehearsals too, whosever they are: they may hold real names, and nobody needs an old one.
    """
    now = set(Letter.objects.filter(pk__in=besides).exclude(message=None).values_list("message", flat=True))
    found = Q(letter__in=letters) | Q(dedup_key__startswith="rehearsal:")
    for letter in letters:
        found |= Q(dedup_key__startswith=f"letter:{letter}:")
    return list(OutboundMessage.objects.filter(found).exclude(pk__in=now).values_list("pk", flat=True))
