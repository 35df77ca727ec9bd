"""What stops a backup, a restore or an export; the message is a sentence for the person who asked."""

from apps.core.errors import Refused


class BackupError(Refused):
    """Nothing was broken and nothing half made was left behind."""


class NoRoom(BackupError):
    """The disk is full, or would be: a backup never takes the room that the database itself needs."""
