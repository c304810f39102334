//! The virtual smart camera: one state behind a console, SSH and a web interface, as on a real product.

pub(crate) mod body;
pub(crate) mod console;
pub(crate) mod datagrams;
pub(crate) mod debug_port;
mod debug_service;
pub(crate) mod defect;
mod ftp;
mod identity;
pub(crate) mod label;
mod line_editor;
mod lockout;
mod manners;
mod mqtt;
mod old_tls;
pub(crate) mod power;
pub(crate) mod services;
mod session;
mod settings;
mod shell;
mod snmp;
mod ssh;
pub(crate) mod state;
mod telemetry;
mod telnet;
mod upnp;
mod verifier;
mod web;
