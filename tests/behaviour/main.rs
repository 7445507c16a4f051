//! What asc-auth does, as its users see it: one module a behaviour, all of them against the real binary, most of
//! them against the simulator. Keys are made at run time. Nothing leaves loopback.

mod support;

mod main_job;
