"""What is known about any text without its context: sentences, words, facts, salience, chunks. Pure."""
