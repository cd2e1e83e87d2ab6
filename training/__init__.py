"""How the adapter of the model that cites, writes and checks is made: rows, training, export, figures (README)."""
