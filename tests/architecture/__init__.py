"""What holds for the code itself."""
