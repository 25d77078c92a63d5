"""Reading: a folder → articles, quarantined records and skipped ones."""

from dataset_builder.read.language import detect_languages
from dataset_builder.read.records import QUARANTINE_SCHEMA, Found, Quarantined, Record, Skipped, quarantine_table
from dataset_builder.read.text import read_text
from dataset_builder.read.walk import find_files

__all__ = [
    "QUARANTINE_SCHEMA",
    "Found",
    "Quarantined",
    "Record",
    "Skipped",
    "detect_languages",
    "find_files",
    "quarantine_table",
    "read_text",
]
