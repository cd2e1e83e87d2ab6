"""Output: atomic file writes, standard output, SMTP. Not here: rendering what is written (`render`)."""

from briefing.deliver.atomic import AtomicWrites, write_atomically, write_together
from briefing.deliver.files import check_writable, output_error, silence, write_stdout
from briefing.deliver.smtp import Mailer, MailServer, SendOutcome

__all__ = [
    "AtomicWrites",
    "MailServer",
    "Mailer",
    "SendOutcome",
    "check_writable",
    "output_error",
    "silence",
    "write_atomically",
    "write_stdout",
    "write_together",
]
