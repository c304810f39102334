//! What a port says unasked.

use super::probe::Identified;
use super::{ftp, imap, mysql, nntp, pop3, rsync, smtp, ssh, telnet, vnc, zmtp};
use crate::auth::logon::words;

/// The service that greets like this; without one, the greeting alone. `None`: it says nothing.
pub(super) fn read(greeting: &[u8]) -> Option<Identified> {
    if greeting.is_empty() {
        return None;
    }
    let text = words::visible(greeting);
    let shown: String = text.trim().chars().take(200).collect();
    let found = ssh::read(&text)
        .or_else(|| vnc::read(&text))
        .or_else(|| smtp::read(&text))
        .or_else(|| ftp::read(&text))
        .or_else(|| imap::read(&text))
        .or_else(|| pop3::read(&text))
        .or_else(|| nntp::read(&text))
        .or_else(|| rsync::read(&text))
        .or_else(|| mysql::read(greeting))
        .or_else(|| zmtp::read(greeting))
        .or_else(|| telnet::read(greeting))
        .unwrap_or_default();
    Some(Identified { banner: (!shown.is_empty()).then_some(shown), answers: true, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings_are_told_apart() {
        for (greeting, service, version) in [
            (&b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n"[..], Some("ssh"), Some("OpenSSH_9.2p1")),
            (b"\xff\xfd\x01\xff\xfd\x1f\xff\xfb\x01\xff\xfb\x03\r\r\ncamera login: ", Some("telnet"), None),
            (b"cam login: ", Some("telnet"), None),
            (b"220 (vsFTPd 3.0.3)\r\n", Some("ftp"), Some("vsFTPd 3.0.3")),
            (b"220 ProFTPD Server (Debian) [::ffff:10.0.0.1]\r\n", Some("ftp"), Some("ProFTPD Server")),
            (b"220 mail.test ESMTP Postfix\r\n", Some("smtp"), Some("Postfix")),
            (b"* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n", Some("imap"), Some("Dovecot ready.")),
            (b"+OK Dovecot ready.\r\n", Some("pop3"), Some("Dovecot ready.")),
            (b"200 news.test InterNetNews NNRP server ready\r\n", Some("nntp"), None),
            (b"@RSYNCD: 31.0 sha512\n", Some("rsync"), Some("31.0")),
            (b"\x4a\0\0\0\x0a8.0.36-debian\0aaaa", Some("mysql"), Some("8.0.36-debian")),
            (b"\x44\0\0\0\xffj\x04Host '10.0.0.9' is not allowed to connect", Some("mysql"), None),
            (b"\xff\0\0\0\0\0\0\0\x01\x7f", Some("zmtp"), None),
            (b"RFB 003.008\n", Some("vnc"), Some("003.008")),
            (b"welcome\r\n", None, None),
        ] {
            let seen = read(greeting).unwrap();
            assert_eq!(
                (seen.service, seen.version.as_deref()),
                (service, version),
                "{}",
                String::from_utf8_lossy(greeting)
            );
            assert!(seen.answers);
        }
        assert_eq!(read(b""), None);
    }

    #[test]
    fn versions_and_logons_are_stated_and_control_characters_are_not() {
        let ssh = read(b"SSH-2.0-dropbear_2022.83\r\n").unwrap();
        assert_eq!(ssh.version.as_deref(), Some("dropbear_2022.83"));
        let telnet = read(b"cam login: ").unwrap();
        assert!(telnet.logon.unwrap().password_based);
        assert_eq!(read(b"\x1b[31mcode\x07\r\n").unwrap().banner.as_deref(), Some("code"));
    }
}
