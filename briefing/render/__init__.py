"""From stories and their summaries to an edition, and from an edition to every format that people read. Pure."""
