//! Good and bad twins of TLS, each on openssl s_server and on nginx, held against a published list: what is configured is
//! what is seen, and what is wrong is what the list is against. A server that was stopped shows nothing to judge.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use assay_checks::crypto::CryptoPolicy;
use assay_checks::tls::TlsScan;
use serde_json::{Value, json};

use crate::bench::{context, run};
use crate::certificates::{self, NAME};
use crate::peer::{Peer, free_port, installed};
use crate::tls_openssl::{accepted, s_server, seen_suites, suites};

/// One way to set up a server, and what it must come to.
pub(crate) struct Twin {
    /// Makes `cert.pem` (leaf first) and `key.pem`.
    make: fn(&Path),
    /// By our names, ascending.
    versions: &'static [&'static str],
    /// For TLS 1.2 and older, in openssl's words.
    list: &'static str,
    /// What its key signs, in openssl's words.
    signs: &'static str,
    /// Whether its parameters for DHE have 1,024 bits.
    short_field: bool,
    /// Rules of `ietf-bcp` that it breaks.
    breaks: &'static [&'static str],
    /// What is wrong with the certificate.
    certificate: &'static [&'static str],
}

/// A chain to a root that the lab trusts.
fn good(folder: &Path) {
    certificates::chain(folder);
    std::fs::copy(folder.join("full.pem"), folder.join("cert.pem")).expect("copied");
}

pub(crate) const GOOD: Twin = Twin {
    make: good,
    versions: &["TLSv1.2", "TLSv1.3"],
    list: "ECDHE+AESGCM",
    signs: "ECDSA",
    short_field: false,
    breaks: &[],
    certificate: &[],
};

const TWINS: [Twin; 14] = [
    GOOD,
    Twin { versions: &["TLSv1.3"], ..GOOD },
    Twin { versions: &["TLSv1.0"], list: "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", breaks: &["old-tls"], ..GOOD },
    Twin { versions: &["TLSv1.1"], list: "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", breaks: &["old-tls"], ..GOOD },
    Twin {
        versions: &["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
        list: "ECDHE:!eNULL:@SECLEVEL=0",
        breaks: &["old-tls"],
        ..GOOD
    },
    Twin { versions: &["TLSv1.2"], list: "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", breaks: &["no-encryption"], ..GOOD },
    Twin { versions: &["TLSv1.2"], list: "AECDH-AES128-SHA:@SECLEVEL=0", breaks: &["no-authentication"], ..GOOD },
    Twin {
        make: |folder| certificates::rsa(folder, 2048, "sha256"),
        versions: &["TLSv1.2"],
        list: "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0",
        signs: "RSA",
        short_field: true,
        breaks: &["small-field"],
        certificate: &["self-signed", "untrusted"],
    },
    Twin {
        make: |folder| certificates::rsa(folder, 1024, "sha1"),
        list: "ECDHE+AESGCM:@SECLEVEL=0",
        signs: "RSA",
        breaks: &["rsa-small", "weak-hash"],
        certificate: &["self-signed", "untrusted"],
        ..GOOD
    },
    Twin {
        make: |folder| certificates::rsa(folder, 2048, "sha256"),
        signs: "RSA",
        certificate: &["self-signed", "untrusted"],
        ..GOOD
    },
    Twin {
        make: |folder| certificates::ecdsa(folder, "", NAME, 2001, 2002),
        certificate: &["expired", "self-signed", "untrusted"],
        ..GOOD
    },
    Twin {
        make: |folder| certificates::ecdsa(folder, "", NAME, 2090, 2091),
        certificate: &["not yet valid", "self-signed", "untrusted"],
        ..GOOD
    },
    Twin {
        make: |folder| certificates::ecdsa(folder, "", "other.test", 2020, 2090),
        certificate: &["other name", "self-signed", "untrusted"],
        ..GOOD
    },
    Twin {
        make: |folder| {
            certificates::chain(folder);
            std::fs::copy(folder.join("leaf.pem"), folder.join("cert.pem")).expect("copied");
        },
        certificate: &["issuer missing", "untrusted"],
        ..GOOD
    },
];

const ALL: [&str; 4] = ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

impl Twin {
    fn folder(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        (self.make)(folder.path());
        std::fs::write(folder.path().join("dh.pem"), include_str!("modp1024.pem")).expect("writes");
        folder
    }

    fn openssl(&self, host: &str) -> Peer {
        let folder = self.folder();
        let mut arguments = vec!["-cert", "cert.pem", "-key", "key.pem", "-cipher", self.list];
        if std::fs::read_to_string(folder.path().join("cert.pem")).is_ok_and(|t| t.matches("BEGIN").count() > 1) {
            arguments.extend(["-cert_chain", "cert.pem"]);
        }
        let off = ["-no_tls1", "-no_tls1_1", "-no_tls1_2", "-no_tls1_3"];
        arguments.extend(ALL.iter().zip(off).filter(|(v, _)| !self.versions.contains(v)).map(|(_, flag)| flag));
        if self.short_field {
            arguments.extend(["-dhparam", "dh.pem"]);
        }
        s_server(host, folder, &arguments)
    }

    /// nginx like this.
    pub(crate) fn nginx(&self, host: &str) -> Option<Peer> {
        let program = installed("nginx", "nginx-light")?;
        let (folder, port) = (self.folder(), free_port(host));
        // "TLSv1.0" is "TLSv1" in its words.
        let versions = self.versions.join(" ").replace("TLSv1.0", "TLSv1");
        let field = if self.short_field { "ssl_dhparam dh.pem;" } else { "" };
        let config = format!(
            "daemon off; master_process off; pid pid; error_log error.log; events {{}} http {{ access_log off;
             client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;
             server {{ listen {host}:{port} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;
             ssl_protocols {versions}; ssl_ciphers {}; {field} }} }}",
            self.list
        );
        std::fs::write(folder.path().join("nginx.conf"), config).expect("writes");
        // It reads the certificate before its own list of suites, so that short keys need this.
        let library =
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nCipherString = DEFAULT:@SECLEVEL=0\n";
        std::fs::write(folder.path().join("openssl.cnf"), library).expect("writes");
        let mut command = Command::new(program);
        command.env("OPENSSL_CONF", folder.path().join("openssl.cnf"));
        command.arg("-p").arg(folder.path()).args(["-c", "nginx.conf"]);
        Some(Peer::start(&mut command, host, port, Some(folder)))
    }

    /// Alive as configured, stopped nothing.
    async fn hold(&self, peer: Peer, of: &str) {
        let (host, port) = (peer.host.clone(), peer.port);
        let root = peer.folder().and_then(|f| std::fs::read_to_string(f.join("root.pem")).ok());
        let cx = context(&host);
        let params = json!({"host": host, "port": port, "certificate_name": NAME,
                            "roots": root.into_iter().collect::<Vec<_>>()});
        let seen = run(TlsScan, &cx, params.clone()).await;
        assert_eq!(accepted(&seen), self.versions, "{of}: {seen:#}");
        for version in self.versions {
            let truth = suites(&openssl_s(version), self.list, &[self.signs, "None"]);
            assert_eq!(seen_suites(&seen, version), truth, "{of} {version}: {seen:#}");
        }
        assert_eq!(wrong(&seen), self.certificate, "{of}: {seen:#}");
        let judged = judge(&seen).await;
        let broken: BTreeSet<&str> =
            judged["violations"].as_array().expect("a list").iter().filter_map(|v| v["rule"].as_str()).collect();
        assert_eq!(broken, self.breaks.iter().copied().collect(), "{of}: {judged:#}");
        assert!(judged["judged"].as_u64().is_some_and(|n| n > 0), "{of}");
        drop(peer);
        let dead = run(TlsScan, &cx, params).await;
        assert_eq!((&dead["answered"], judge(&dead).await["judged"].clone()), (&json!(false), json!(0)), "{of}");
    }
}

/// As openssl writes a version in its flags.
fn openssl_s(version: &str) -> String {
    match version.trim_start_matches("TLSv1.") {
        "0" => "tls1".into(),
        minor => format!("tls1_{minor}"),
    }
}

/// What is wrong with the certificate, sorted.
fn wrong(seen: &Value) -> Vec<&'static str> {
    // Of an anonymous suite there is none.
    let Some(leaf) = seen["chain"].get(0) else { return Vec::new() };
    let facts = &seen["chain_facts"];
    let mut wrong = vec![
        (leaf["expired"] == true, "expired"),
        (facts["complete"] == false && leaf["self_signed"] == false, "issuer missing"),
        (leaf["not_yet_valid"] == true, "not yet valid"),
        (facts["name_matches"] == false, "other name"),
        (leaf["self_signed"] == true, "self-signed"),
        (facts["trusted"] == false, "untrusted"),
    ];
    wrong.retain(|(is, _)| *is);
    wrong.into_iter().map(|(_, what)| what).collect()
}

/// The observation held against the IETF's list, as plans do it.
pub(crate) async fn judge(seen: &Value) -> Value {
    let mut params = json!({"policy": "ietf-bcp"});
    for fact in ["versions", "suites", "groups", "dh_bits", "chain", "compression", "heartbeat", "secure_renegotiation"]
    {
        params[fact] = seen[fact].clone();
    }
    run(CryptoPolicy, &context("127.41.6.254"), params).await
}

#[tokio::test]
async fn twins_on_openssl() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    for (number, twin) in TWINS.iter().enumerate() {
        let host = format!("127.41.6.{}", number + 1);
        twin.hold(twin.openssl(&host), &format!("s_server, twin {number}")).await;
    }
}

#[tokio::test]
async fn twins_on_nginx() {
    if installed("openssl", "openssl").is_none() {
        return;
    }
    for (number, twin) in TWINS.iter().enumerate() {
        let host = format!("127.41.7.{}", number + 1);
        let Some(peer) = twin.nginx(&host) else { return };
        twin.hold(peer, &format!("nginx, twin {number}")).await;
    }
}
