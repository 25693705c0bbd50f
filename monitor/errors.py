"""The one base of every error that this project raises on purpose."""


class MonitorError(Exception):
    """What went wrong, where, and what to do about it."""
