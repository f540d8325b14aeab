"""The limit without a queue: smtplib, one connection, the same bytes again and again; nothing is written down."""

import os
import smtplib
from email.message import EmailMessage

from benchmarks.contenders import HTML, SENDER, SUBJECT, TEXT, messages, recipient, wait_for_the_start


def send() -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = SENDER, recipient(0), SUBJECT
    letter.set_content(TEXT)
    letter.add_alternative(HTML, subtype="html")
    content = letter.as_bytes().replace(b"\n", b"\r\n")
    wait_for_the_start()
    with smtplib.SMTP("127.0.0.1", int(os.environ["SINK_PORT"]), local_hostname="library.banksia.example") as server:
        for number in range(messages()):
            server.sendmail(SENDER, [recipient(number)], content)


if __name__ == "__main__":
    send()
