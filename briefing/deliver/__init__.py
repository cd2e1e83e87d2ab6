"""Where results go: whole files or none, standard output, mail servers. Not here: what is in them."""

from briefing.deliver.files import check_writable, output_error, silence, write_stdout
from briefing.deliver.smtp import Mailer, MailServer, Outcome
from briefing.deliver.together import Together, write_atomically, write_together

__all__ = [
    "MailServer",
    "Mailer",
    "Outcome",
    "Together",
    "check_writable",
    "output_error",
    "silence",
    "write_atomically",
    "write_stdout",
    "write_together",
]
