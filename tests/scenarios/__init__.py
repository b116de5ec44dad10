"""Stories of SMTP conversations, and what the dissector must say of each."""
