//! A server to test.
