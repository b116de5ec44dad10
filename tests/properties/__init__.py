"""What holds for every conversation, whatever was said and however the network cut it."""
