"""What a letter could do better, as sentences for its author (wording.md). Advice never keeps wording from being saved.

Looks at a finished letter, because only there it shows how long a subject is and how hard a sentence.
"""

import re
from collections.abc import Iterator
from typing import Final

from notices.letter_data import LetterData
from notices.models import Audience
from notices.rendering import Written

LONGEST_SUBJECT: Final = 50
LONGEST_SENTENCES: Final = 15
"""Words of a sentence, on average."""
HARDEST_GRADE: Final = 6.5
"""Flesch–Kincaid: US school grade; the reading age is five years more."""
MOST_WORDS: Final = {Audience.PATRON: 120, Audience.GUARDIAN: 150, Audience.CONTACT: 120, Audience.PARTNER: 120}
LARGEST: Final = 80_000
"""Bytes; some mail programs cut off what is longer than 102 kB, its wrapping counted."""

NEVER: Final = re.compile(
    r"\bfinal\w*|\bwarning\w*|\bfailure|\boffend\w*|\bdelinquen\w*|\bneglect\w*|\bimmediate\w*|\bowe[sd]?\b|\bdebts?\b"
    r"|(?<!is )\bfine\b|\bfines\b|our records show|come to our attention|\bperil|\burgent\w*|\bdays late\b"
    r"|\bdays overdue\b|\bred\b|\bhe\b|\bshe\b|book\(s\)|!!",
    re.IGNORECASE,
)
"""Words that make people stay away, or that leave somebody out."""


def on(letter: Written, *, about: LetterData) -> list[str]:
    """Everything that could be better, the subject first."""
    return [*_on_subject(letter.subject, about), *_on_words(letter), *_on_length(letter, about.audience)]


def size(letter: Written) -> int:
    """Bytes of text and HTML together; the mail around them adds about one."""
    return len(letter.text.encode()) + len(letter.html.encode())


def _on_subject(subject: str, about: LetterData) -> Iterator[str]:
    if not subject:
        yield "The subject is empty. Say the job in a few words: “A library book to bring back”."
    if len(subject) > LONGEST_SUBJECT:
        yield f"The subject has {len(subject)} characters; a phone shows about {LONGEST_SUBJECT}."
    told = [book.title for book in about.all_books] + [child.name for child in about.children]
    if about.audience != Audience.PARTNER:
        told += [] if about.audience == Audience.CONTACT else [about.dear]
        if any(name and re.search(rf"\b{re.escape(name)}\b", subject) for name in told):
            yield "The subject names a person or a title. Others may see it in a list: say it in the letter."
    if about.currency and about.currency in subject:
        yield "The subject speaks of money. Say it in the letter."
    if "!" in subject or any(len(word) > 3 and word.isalpha() and word.isupper() for word in subject.split()):
        yield "The subject shouts. Leave out capitals and exclamation marks."


def _on_words(letter: Written) -> Iterator[str]:
    found = dict.fromkeys(word.lower() for word in NEVER.findall(f"{letter.subject}\n{letter.text}"))
    for word in found:
        yield f"“{word}” makes people stay away or leaves somebody out. Say what helps instead."


def _on_length(letter: Written, audience: Audience) -> Iterator[str]:
    sentences = prose(letter.text)
    if not sentences:
        return
    words = sum(len(sentence.split()) for sentence in sentences)
    if words > MOST_WORDS[audience]:
        yield f"It has {words} words without its lists; {MOST_WORDS[audience]} fit on a phone."
    if words / len(sentences) > LONGEST_SENTENCES:
        yield f"Its sentences have {words / len(sentences):.0f} words on average; {LONGEST_SENTENCES} are easy to read."
    if grade(sentences) > HARDEST_GRADE:
        yield f"It reads well from about age {reading_age(sentences)}; aim for 11. Shorter words and sentences help."
    if size(letter) > LARGEST:
        yield f"It has {size(letter) // 1000} kB; some mail programs cut a letter off at 102 kB."


def prose(text: str) -> list[str]:
    """The sentences of a letter without greeting, lists, headings and foot."""
    paragraphs = [
        paragraph
        for paragraph in text.strip().split("\n\n")[1:]
        if " · " not in paragraph and "   " not in paragraph and re.search(r"[.?!:]$", paragraph)
    ]
    return [sentence for paragraph in paragraphs for sentence in re.split(r"(?<=[.?!:]) ", paragraph)]


def grade(sentences: list[str]) -> float:
    """Flesch–Kincaid: US school grade."""
    words = [word for sentence in sentences for word in re.findall(r"[A-Za-z’]+", sentence)]
    if not words:
        return 0.0
    syllables = sum(map(syllables_of, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def reading_age(sentences: list[str]) -> int:
    """From about which age this reads well; never under six, when children begin."""
    return max(round(grade(sentences) + 5), 6)


def syllables_of(word: str) -> int:
    """Groups of vowels, less a silent e at the end."""
    word = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^td])ed$|’\w*$", "", word.lower())
    return max(len(re.findall(r"[aeiouy]+", word)), 1)
