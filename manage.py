#!/usr/bin/env python
"""Django's command line; starts the embedded PostgreSQL for the commands that need a database."""

import os
import sys

WITHOUT_DATABASE = {
    *("help", "version", "check", "collectstatic", "compilemessages", "makemessages", "evaluate"),
    *("db", "demo"),  # these start and stop it themselves
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config import embedded

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if not command.startswith("-") and command not in WITHOUT_DATABASE:
        try:
            embedded.ensure()
        except embedded.EmbeddedError as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
