"""Metrics of predictions and their confidence intervals: arrays in, figures out."""
