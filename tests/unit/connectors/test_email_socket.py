import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from inbox.clock import now
from inbox.connectors.contract import NeedsPerson, OutcomeUnknown, Passing
from inbox.connectors.deadline import ending
from inbox.connectors.email_signin import ImapServer, sign_in
from inbox.connectors.email_socket import connecting, open_socket, secure
from inbox.connectors.http import open_client, submit
from inbox.connectors.smtp import SmtpServer, check_server
from tests.unit.connectors.drip import dripping


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody has signed but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    """A TLS server that greets and waits."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as line:
                    line.sendall(b"220 hello\r\n")
                    line.recv(100)
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    # Closing alone does not wake whoever waits in accept().
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


def greeting(host: str, port: int) -> bytes:
    with (
        connecting(host, port),
        open_socket(host, port, allow_private=True, timeout_seconds=3) as plain,
        secure(plain, host) as line,
    ):
        return line.recv(9)


def test_a_certificate_that_nobody_vouches_for_is_refused(port: int) -> None:
    with pytest.raises(NeedsPerson, match="certificate of localhost cannot be trusted"):
        greeting("localhost", port)
    with pytest.raises(NeedsPerson, match="certificate"):
        check_server(SmtpServer("localhost", port, "ssl", "u", "p"))
    with pytest.raises(NeedsPerson, match="certificate"), connecting("localhost", port):
        sign_in(ImapServer("localhost", port, "ssl", "u", "p", allow_private=True))


def test_a_company_s_own_authority_is_trusted_when_the_system_trusts_it(
    port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert greeting("localhost", port) == b"220 hello"


def test_the_name_must_be_the_one_that_was_called(
    port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(NeedsPerson, match=r"certificate of 127\.0\.0\.1"):
        greeting("127.0.0.1", port)


def test_private_addresses_need_permission_before_anything_is_sent(port: int) -> None:
    with pytest.raises(NeedsPerson, match="TRELLIS_ALLOW_PRIVATE_ADDRESSES"):
        open_socket("localhost", port, allow_private=False, timeout_seconds=3)


def test_nobody_there_passes() -> None:
    with pytest.raises(Passing, match="cannot be found"):
        open_socket("nowhere.invalid", 993, allow_private=True, timeout_seconds=3)
    with pytest.raises(Passing, match="does not answer"):
        open_socket("127.0.0.1", 1, allow_private=True, timeout_seconds=3)
    with pytest.raises(Passing, match="cannot be found"):
        open_socket("x" * 70 + ".test", 993, allow_private=True, timeout_seconds=3)


def test_an_encrypted_drip_is_given_up_in_time(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with dripping(b"22", context=context) as server:
        with ending(now() + timedelta(seconds=0.5)), pytest.raises(Passing):
            check_server(SmtpServer("localhost", server.port, "ssl"))
        with ending(now() + timedelta(seconds=0.5)), pytest.raises(Passing), connecting("localhost", server.port):
            sign_in(ImapServer("localhost", server.port, "ssl", "u", "p", allow_private=True))
        assert server.left.wait(5)


def test_a_request_goes_out_encrypted_and_its_drip_is_given_up(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = ssl.create_default_context(cafile=certificate), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setattr("inbox.connectors.http._trusted", lambda: trusted)
    text = b"x" * 300_000
    with dripping(b"HTTP/1.1 200 OK\r\nX: a", context=context) as server, open_client(allow_private=True) as client:
        with ending(now() + timedelta(seconds=2)), pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            submit(client, "POST", f"https://localhost:{server.port}/", content=text)
        assert server.left.wait(5)
    assert b"".join(server.heard).endswith(text)
