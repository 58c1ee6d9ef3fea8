"""What a file is and where its sound lies, so that no header has to be believed: one file a container."""
