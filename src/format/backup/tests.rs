//! Tests of backup files.
