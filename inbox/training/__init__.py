"""What people teach the classifier: rounds of questions, the ledger of corrections, and what may be learned from at all."""
