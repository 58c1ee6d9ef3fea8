"""Log-mel to answer, with onnxruntime and without torch: bundles, calibration, the listener, the explanation."""
