//! Countersign's test vectors, their generator, and the naive second implementation behind both.
