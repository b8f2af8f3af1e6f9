"""tests/integrations/with_postgres.py COMMAND...: runs it beside a PostgreSQL server of its own.

The server lives in a temporary folder, listens on a Unix socket there only, and runs as the user
postgres when this is root, as itself otherwise. COMMAND finds it by PGHOST, PGUSER and PGDATABASE,
and what the server was sent in the file PG_SERVER_LOG. Exits as COMMAND does; with 77 when there is
no PostgreSQL here, or with 1 where CI is set.
"""

import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile


def give_up(why):
    print(f"not tested: {why}")
    sys.exit(1 if os.environ.get("CI") else 77)


def find_programs():
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    found = shutil.which("initdb", path=os.pathsep.join(folders + [os.environ.get("PATH", "")]))
    return os.path.dirname(found) if found else give_up("there is no initdb (Debian: postgresql)")


def as_server_user(command):
    """Servers refuse to run as root."""
    if os.geteuid() != 0:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    user = pwd.getpwnam("postgres")
    return subprocess.run(command, capture_output=True, text=True, check=False, user=user.pw_uid,
                          group=user.pw_gid, extra_groups=[], cwd="/")


def must(command):
    result = as_server_user(command)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {result.returncode}:\n{result.stdout}{result.stderr}")


def main(command):
    programs = find_programs()
    folder = tempfile.mkdtemp(prefix="spanlog-pg-")
    data, log = f"{folder}/data", f"{folder}/server.log"
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    started = False
    try:
        must([f"{programs}/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N",
              "-E", "UTF8", "--locale=C"])
        options = (f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off "
                   "-c log_statement=all -c log_min_error_statement=panic")
        must([f"{programs}/pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "-t", "60", "start"])
        started = True
        environment = dict(os.environ, PGHOST=folder, PGUSER="postgres", PGDATABASE="postgres",
                           PG_SERVER_LOG=log)
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        if started:
            as_server_user([f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"])
        shutil.rmtree(folder)


sys.exit(main(sys.argv[1:]))
