"""What arrives: files of the inbox become records, or rejections that say which row, which column and why."""

from monitor.intake.batch import Batch, FileHead, ReadLimits, ReadRow, Rejection
from monitor.intake.headers import say_field
from monitor.intake.inbox import Inbox, StabilityWatch
from monitor.intake.reader import file_digest, read_file
from monitor.intake.refusals import IntakeError

__all__ = [
    "Batch",
    "FileHead",
    "Inbox",
    "IntakeError",
    "ReadLimits",
    "ReadRow",
    "Rejection",
    "StabilityWatch",
    "file_digest",
    "read_file",
    "say_field",
]
