"""A mail server on loopback for tests: aiosmtpd, with STARTTLS, implicit TLS or neither, and logins.

Argument: one JSON object. Prints its port, then each letter as a line of JSON. Ends when its input does.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Desk:
    """Refuses whom it is told to refuse, and shows every letter."""

    def __init__(self, refused):
        self.refused = refused

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "letter": envelope.content.decode("utf-8", "replace"),
            "encrypted": session.ssl is not None,
            "login": session.auth_data if isinstance(session.auth_data, str) else None,
        }
        print(json.dumps(letter), flush=True)
        return "250 taken"


async def main():
    asked = json.loads(sys.argv[1])
    context = None
    if asked["tls"] != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(asked["cert"], asked["key"])
    begun = asked["tls"] == "starttls"

    def known(server, session, envelope, mechanism, data):
        right = data.login == b"robot" and data.password == b"s3cret pass"
        return AuthResult(success=right, handled=False, auth_data=data.login.decode())

    def talk():
        return SMTP(
            Desk(asked["refused"]),
            hostname="mail.test",
            tls_context=context if begun else None,
            require_starttls=begun,
            authenticator=known,
            auth_required=asked["login"],
            auth_require_tls=begun,
        )

    implicit = context if asked["tls"] == "implicit" else None
    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0, ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
