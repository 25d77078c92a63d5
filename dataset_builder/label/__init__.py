"""Labelling: blocks of text → role, boilerplate category with a calibrated score, section."""

from dataset_builder.label.blocks import label_blocks
from dataset_builder.label.model import Model, load_model

__all__ = ["Model", "label_blocks", "load_model"]
