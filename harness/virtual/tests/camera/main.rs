//! The camera over real sockets and ptys, by clients that share no code with it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod console;
mod console_client;
mod http_client;
mod lab;
mod ports;
mod power;
mod ssh;
mod ssh_client;
mod start;
mod telemetry;
mod telnet;
mod twins;
mod web;
mod website;
