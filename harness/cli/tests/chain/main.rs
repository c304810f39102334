//! The whole chain, through the real binary: plan, devices, judgement, pack.

mod assessment;
mod bad_input;
mod boot_loaders;
mod capture;
mod comparing;
mod cryptography;
mod debug_port;
mod firmware;
mod hardware;
mod hostile;
mod interrupted;
mod qemu_guests;
mod real_servers;
mod reports;
mod reviewing;
mod services;
mod support;
mod syn_scan;
mod virtual_camera;
mod website;
