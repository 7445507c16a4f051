//! What the fuzz targets share: keys that are made at run time, and readers of what asc-auth writes.
//!
//! A reader is written from the format's own specification and never from asc-auth's code: what it reads back must be
//! what was meant. A failed property is a panic, which is how libFuzzer learns of it.
#![forbid(unsafe_code)]

pub mod forms;
pub mod keys;
pub mod posix;
pub mod runner;
pub mod screen;
