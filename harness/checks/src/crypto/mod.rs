//! Judging cryptography by published lists. The lists are data in test-plans/catalogue/crypto-policy; none stands in code.

mod file;
mod policy;

pub use policy::CryptoPolicy;
