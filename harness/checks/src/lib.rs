//! One file per check: a question, its parameters, its observation. A check holds no pass or fail policy; plans do.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test may panic"))]

use std::sync::Arc;

use assay_model::{Check, erase};

mod access;
mod auth;
mod boot;
mod capture;
mod console;
pub mod crypto;
pub mod debug;
mod document;
mod dut;
#[cfg(test)]
mod fake;
mod firmware;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http;
mod net;
mod params;
mod passwords;
mod ports;
mod power;
#[cfg(test)]
mod registry;
pub mod secrets;
pub mod ssh;
pub mod tls;

/// Every check there is. A new one is a file and a line here; those on documents are listed in their own folder.
#[must_use]
pub fn all() -> Vec<Arc<dyn Check>> {
    let touching = vec![
        erase(auth::first_use::FirstUse),
        erase(auth::inventory::Inventory),
        erase(auth::lockout::Lockout),
        erase(auth::reset::Reset),
        erase(auth::try_credentials::TryCredentials),
        erase(auth::try_defaults::TryDefaults),
        erase(boot::secure::Secure),
        erase(capture::boot::Boot),
        erase(capture::import::Import),
        erase(capture::traffic::Traffic),
        erase(console::boot_log::BootLog),
        erase(console::interrupt_boot::InterruptBoot),
        erase(console::login::Login),
        erase(console::magic_sysrq::MagicSysrq),
        erase(console::shell_access::ShellAccess),
        erase(console::single_user::SingleUser),
        erase(debug::DebugIdentify),
        erase(debug::DebugJtagScan),
        erase(debug::DebugLockState),
        erase(debug::DebugReadMemory),
        erase(debug::DebugRttLog),
        erase(dut::restore::Restore),
        erase(firmware::inspect::Inspect),
        erase(http::probe::Probe),
        erase(http::routes::Routes),
        erase(http::settings::Settings),
        erase(net::alive::Alive),
        erase(params::unique::Unique),
        erase(passwords::analyse::Analyse),
        erase(ports::scan::Scan),
        erase(crypto::CryptoPolicy),
        erase(power::boot_time::BootTime),
        erase(power::cycle_resilience::CycleResilience),
        erase(secrets::SecretsSearch),
        erase(ssh::SshAlgorithms),
        erase(ssh::SshCompare),
        erase(ssh::SshHostKeys),
        erase(ssh::auth::Auth),
        erase(tls::TlsCompare),
        erase(tls::TlsScan),
    ];
    touching.into_iter().chain(access::all()).chain(document::all()).collect()
}
