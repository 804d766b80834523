//! Countersign's test vectors, the generator that composes them, and the naive second
//! implementation of the protocol behind both.
//!
//! [`naive`] is slow, obvious and written in the words of `spec/`. It shares no code with the
//! `protocol` crate: two independent readings of one text are what makes a vector worth having.

pub mod generator;
pub mod naive;
pub mod replay;
