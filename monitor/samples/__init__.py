"""Invented dossiers of one morning to try the monitor with, made from a table of scenarios; the same on every run."""

from monitor.samples.files import files_of, write_samples
from monitor.samples.morning import SEED, make_samples
from monitor.samples.sample import DateStyle, Sample, Samples, Sheet, Writing
from monitor.samples.scenarios import SCENARIOS

__all__ = [
    "SCENARIOS",
    "SEED",
    "DateStyle",
    "Sample",
    "Samples",
    "Sheet",
    "Writing",
    "files_of",
    "make_samples",
    "write_samples",
]
