"""What runs day and night: jobs, signals, heartbeat and the watch on the clock; no business rule."""

from monitor.daemon.alone import AlreadyRunning, alone_on
from monitor.daemon.clock import Clock, confirm_clock, doubt_about_clock
from monitor.daemon.jobs import Daemon, Watcher

__all__ = ["AlreadyRunning", "Clock", "Daemon", "Watcher", "alone_on", "confirm_clock", "doubt_about_clock"]
