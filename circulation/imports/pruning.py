"""Empty files that were read in long ago: they list a whole school by name (product.md, S3).

What each file did stays, in numbers: when, by whom, how many rows. Safe to stop anywhere and to run twice.
"""

from datetime import datetime, timedelta

from circulation.models import ImportFile

KEPT_DAYS = 60
"""Long enough to ask last term what a list said; as long as the borrowers of returned loans are kept."""


def prune(*, at: datetime) -> int:
    """Remove content, refused rows and sentences of files that came more than 60 days ago; how many."""
    old = ImportFile.objects.filter(uploaded_at__lt=at - timedelta(days=KEPT_DAYS), emptied_at=None)
    return old.update(content=b"", refused=[], notes=[], shown={}, emptied_at=at)
