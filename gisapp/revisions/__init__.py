"""Changes of layers as numbered revisions: who changed what and when, what was there before, and how to go back."""
