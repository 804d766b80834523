//! Judges any implementation of the Countersign specification.
