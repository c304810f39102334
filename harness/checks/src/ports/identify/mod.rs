//! What speaks on an open port: its banner, else its answers to small typed probes. One file a protocol.

mod adb;
mod amqp;
mod asker;
mod banner;
mod dns;
mod ethernet_ip;
mod ftp;
mod gdb;
mod http;
mod imap;
mod inside;
mod ldap;
mod lpd;
mod memcached;
mod modbus;
mod mqtt;
mod mysql;
mod nntp;
mod opcua;
mod pjl;
mod pop3;
mod port;
mod postgres;
mod probe;
mod rdp;
mod redis;
mod rpcbind;
mod rsync;
mod rtmp;
mod rtsp;
mod sip;
mod smb;
mod smtp;
mod socks;
mod ssh;
mod table;
mod telnet;
mod vnc;
mod x11;
mod xmpp;
mod zmtp;

pub(crate) use asker::Asker;
pub(crate) use port::port;
pub(crate) use probe::Identified;

#[cfg(feature = "fuzzing")]
pub(super) fn read_all(bytes: &[u8]) {
    let _ = banner::read(bytes);
    table::PROBES.iter().for_each(|probe| drop((probe.read)(bytes)));
}
