"""What one network is worth: out-of-fold predictions, calibration on them, figures, reports, bundles."""
