"""Context-free text analysis: sentences, tokens, numbers, names, stems, salience, chunks. Pure."""
