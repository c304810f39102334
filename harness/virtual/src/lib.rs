//! Virtual devices with real sockets and ptys; good ones, and ones with seeded defects.

pub mod debug;
