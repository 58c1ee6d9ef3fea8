"""Training: recipe -> data -> batches -> network -> loss -> checkpoint -> bundle. PyTorch."""
