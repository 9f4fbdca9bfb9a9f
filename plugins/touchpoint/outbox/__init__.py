"""The outbox: messages are enqueued, claimed, sent, settled and resolved here, each once."""
