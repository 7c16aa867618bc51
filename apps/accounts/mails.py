"""What is written to people who sign up or are invited. Text only: such mails are read on every device, and kept."""

import logging
from smtplib import SMTPException
from typing import Any

from django.core.mail import send_mail
from django.template.loader import render_to_string

from apps.common.errors import Unavailable

logger = logging.getLogger(__name__)


class MailNotSent(Unavailable):
    """The mail server did not take it."""

    code = "mail_not_sent"


def send(name: str, /, *, to: str, **context: Any) -> None:
    """Sends `accounts/mails/<name>.txt`, whose first line is the subject.

    Raises:
        MailNotSent: nothing went out.
    """
    subject, _, body = render_to_string(f"accounts/mails/{name}.txt", context).partition("\n")
    try:
        send_mail(subject, body.strip() + "\n", None, [to])
    except (OSError, SMTPException):
        logger.exception("A mail was not sent", extra={"mail": name})
        raise MailNotSent("The e-mail could not be sent. Please try again in a moment.") from None
