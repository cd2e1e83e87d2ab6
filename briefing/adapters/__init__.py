"""Low-rank weights that training made (training/README.md), as data: the file that a catalogue entry names."""
