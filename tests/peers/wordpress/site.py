"""A real WordPress: Debian's package on PHP's own web server and a MariaDB of its own, with a moderator and a reader."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.serving import NoPeer, answers, do, free_ports, installed, keep_beside, running, wait_until

HERE = Path(__file__).resolve().parent
NEEDED = {"php": "php-cli php-mysql", "mariadbd": "mariadb-server-core"}
INSTALL_SECONDS, START_SECONDS = 120.0, 60.0
# Durability is somebody else's test; here a database lives for minutes.
QUICK = ("--skip-grant-tables", "--skip-networking", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0",
         "--innodb-log-file-size=8M", "--innodb-buffer-pool-size=32M")  # fmt: skip


@dataclass(frozen=True)
class Site:
    """Where it is, and application passwords by account: `brand` moderates, `fan` reads."""

    url: str
    passwords: dict[str, str]
    run: Callable[..., str]

    def set(self, option: str, value: str) -> None:
        """Change a setting of the site, as its owner does."""
        self.run("set.php", option, value)


@contextmanager
def running_site(cache: Path) -> Iterator[Site]:
    """A site of its own, forgotten at the end. Raises NoPeer."""
    programs = _programs()
    place = installed(cache, "wordpress", _unpack)
    keep_beside(HERE / "settings.php", place / "site" / "wp-config.php")
    folder = Path(tempfile.mkdtemp(prefix="trellis-wordpress-"))
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "SITE_URL": f"http://127.0.0.1:{port}",
        "SITE_DATABASE": f"localhost:{folder / 'socket'}",
        "SITE_ROOT": f"{place / 'site'}/",
        # More than one at a time, as every web server; readers write while we read.
        "PHP_CLI_SERVER_WORKERS": "3",
    }
    php = [programs["php"], "-d", "sendmail_path=/bin/true", "-d", "memory_limit=256M"]
    server = [*php, "-S", f"127.0.0.1:{port}", "-t", str(place / "site"), str(HERE / "router.php")]
    try:
        with ExitStack() as stack:
            _start_database(programs["mariadbd"], folder, stack)

            def run(script: str, *words: str) -> str:
                return do([*php, str(HERE / script), *words], seconds=START_SECONDS, environment=environment)

            passwords = json.loads(run("make.php").splitlines()[-1])
            log = folder / "php.log"
            child = stack.enter_context(running(server, folder=folder, log=log, env=environment))
            wait_until(child, answers(f"{environment['SITE_URL']}/wp-json/"), log=log, seconds=START_SECONDS)
            yield Site(environment["SITE_URL"], passwords, run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> dict[str, str]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found = {name: shutil.which(name, path=path) for name in NEEDED}
    if missing := sorted({NEEDED[name] for name, where in found.items() if where is None}):
        raise NoPeer(f"WordPress needs {' '.join(missing)} (Debian's packages)")
    return {name: str(where) for name, where in found.items()}


def _unpack(place: Path) -> None:
    """Debian's package, without the web server and the settings that installing it would bring along."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    do(["apt-get", "download", "-q", "wordpress"], seconds=INSTALL_SECONDS, folder=place)
    (package,) = place.glob("wordpress_*.deb")
    do(["dpkg-deb", "-x", str(package), str(place / "package")], seconds=INSTALL_SECONDS)
    (place / "package" / "usr" / "share" / "wordpress").rename(place / "site")
    shutil.rmtree(place / "package")
    package.unlink()


def _start_database(program: str, folder: Path, stack: ExitStack) -> None:
    """An empty MariaDB, reached through its socket alone; without tables of accounts there is nobody to keep out."""
    socket, files, log = folder / "socket", folder / "database", folder / "mariadb.log"
    files.mkdir()
    options = ["--no-defaults", f"--datadir={files}", f"--socket={socket}", f"--pid-file={folder / 'pid'}", *QUICK]
    if os.geteuid() == 0:
        options.append("--user=root")
    child = stack.enter_context(running([program, *options], folder=folder, log=log))
    wait_until(child, socket.exists, log=log, seconds=START_SECONDS)
