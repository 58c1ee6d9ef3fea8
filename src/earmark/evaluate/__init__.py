"""Honest figures: out-of-fold predictions, calibration on them, reports."""
