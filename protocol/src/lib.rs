//! The sans-IO core of Countersign: X3DH, Double Ratchet, sender keys, boxes, fingerprints.
