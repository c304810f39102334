//! Addresses that a bench owns. No packet leaves for any other.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

/// A host that the bench owns. Only an [`AddressBook`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Host {
    name: String,
    address: IpAddr,
}

impl Host {
    /// The address to connect to.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// The name the bench file gives it; the address where it gives none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One port of this host.
    #[must_use]
    pub fn port(&self, port: u16) -> Endpoint {
        Endpoint { host: self.clone(), port }
    }
}

/// A port on a host that the bench owns.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Endpoint {
    host: Host,
    port: u16,
}

impl Endpoint {
    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What to connect to.
    #[must_use]
    pub const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.host.address, self.port)
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.socket(), f)
    }
}

/// A check asked for an address that the bench does not own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{asked}` is not an address of this bench (it owns {owned})")]
pub struct ForeignAddress {
    /// What was asked for.
    pub asked: String,
    /// What the bench owns, for the message.
    pub owned: String,
}

/// Every host of a bench, by the names and addresses that its file gives.
#[derive(Debug, Clone, Default)]
pub struct AddressBook(BTreeMap<String, Host>);

impl AddressBook {
    /// An empty book: a bench of documents only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Enters a host under its name and under its address. Called by bench providers and by nothing else.
    pub fn own(&mut self, name: &str, address: IpAddr) -> Host {
        let host = Host { name: name.to_owned(), address };
        self.0.insert(name.to_owned(), host.clone());
        self.0.entry(address.to_string()).or_insert_with(|| host.clone());
        host
    }

    /// The host that goes by `name`: a bench's name for it or its address, as plans write `${dut.host}`.
    ///
    /// # Errors
    /// The bench does not own it.
    pub fn host(&self, name: &str) -> Result<Host, ForeignAddress> {
        let canonical = name.parse::<IpAddr>().map_or_else(|_| name.to_owned(), |ip| ip.to_string());
        self.0.get(&canonical).cloned().ok_or_else(|| ForeignAddress {
            asked: name.to_owned(),
            owned: if self.0.is_empty() {
                "none".into()
            } else {
                self.0.keys().cloned().collect::<Vec<_>>().join(", ")
            },
        })
    }

    /// Whether any host of the bench has this address: redirects to private addresses are refused otherwise.
    #[must_use]
    pub fn owns(&self, address: IpAddr) -> bool {
        self.0.values().any(|h| h.address == address)
    }
}
