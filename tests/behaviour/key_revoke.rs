//! `asc-auth key revoke`: a key that is told of before it ends.
