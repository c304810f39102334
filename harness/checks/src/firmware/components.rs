//! Components and their versions: from package lists, and from what well-known programs say of themselves.

use std::sync::LazyLock;

use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::Serialize;

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct Component {
    /// Its name, as its own project or the package list has it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Package URL.
    pub purl: String,
    /// Name in the dictionary of products that vulnerability lists use (CPE 2.3), where it is known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// `operating-system`, `library` or `application`, as CycloneDX has it.
    pub kind: String,
    /// How it was known: `package list`, or `text in the file`.
    pub known_by: String,
    /// Where.
    pub place: String,
}

/// Name, vendor and product of its CPE, kind, keyword that must be there, and a pattern whose group 1 is the version.
type Row = (&'static str, &'static str, &'static str, &'static [u8], &'static str);

const ROWS: [Row; 28] = [
    ("busybox", "busybox:busybox", "application", b"BusyBox v", r"BusyBox v(\d+\.\d+(?:\.\d+)?)"),
    (
        "linux",
        "linux:linux_kernel",
        "operating-system",
        b"Linux version ",
        r"Linux version (\d+\.\d+(?:\.\d+)?[\w.+-]{0,40}) \(",
    ),
    (
        "openssl",
        "openssl:openssl",
        "library",
        b"OpenSSL ",
        r"OpenSSL (\d\.\d\.\d{1,2}[a-z]?) +\d{1,2} [A-Z][a-z]{2} \d{4}",
    ),
    ("mbedtls", "arm:mbed_tls", "library", b"Mbed TLS ", r"Mbed TLS (\d\.\d{1,2}\.\d{1,2})"),
    ("wolfssl", "wolfssl:wolfssl", "library", b"wolfSSL ", r"wolfSSL (\d\.\d{1,2}\.\d{1,2})"),
    ("gnutls", "gnu:gnutls", "library", b"GnuTLS ", r"GnuTLS (\d\.\d{1,2}\.\d{1,2})"),
    (
        "dropbear",
        "dropbear_ssh_project:dropbear_ssh",
        "application",
        b"dropbear_",
        r"SSH-2\.0-dropbear_(\d{4}\.\d{1,2}|0\.\d{1,2})",
    ),
    ("openssh", "openbsd:openssh", "application", b"OpenSSH_", r"OpenSSH_(\d{1,2}\.\d(?:p\d)?)"),
    ("u-boot", "denx:u-boot", "application", b"U-Boot ", r"U-Boot (?:SPL )?(20\d\d\.\d\d(?:-rc\d)?)"),
    ("barebox", "barebox:barebox", "application", b"barebox ", r"barebox (20\d\d\.\d\d\.\d)"),
    ("dnsmasq", "thekelleys:dnsmasq", "application", b"dnsmasq-", r"dnsmasq-(\d\.\d{1,3})\b"),
    ("lighttpd", "lighttpd:lighttpd", "application", b"lighttpd/", r"lighttpd/(\d\.\d\.\d{1,3})"),
    ("nginx", "f5:nginx", "application", b"nginx/", r"nginx/(\d\.\d{1,2}\.\d{1,2})"),
    ("boa", "boa:boa", "application", b"Boa/", r"Boa/(\d\.\d{2}\.\d{1,2}\w{0,6})"),
    ("mini_httpd", "acme:mini-httpd", "application", b"mini_httpd/", r"mini_httpd/(\d\.\d{2})"),
    ("goahead", "embedthis:goahead", "application", b"GoAhead/", r"GoAhead/(\d\.\d{1,2}\.\d{1,2})"),
    (
        "mosquitto",
        "eclipse:mosquitto",
        "application",
        b"mosquitto version ",
        r"mosquitto version (\d\.\d{1,2}\.\d{1,2})",
    ),
    ("curl", "haxx:libcurl", "library", b"libcurl/", r"libcurl/(\d\.\d{1,3}\.\d{1,2})"),
    ("zlib", "zlib:zlib", "library", b"deflate 1.", r"deflate (1\.\d\.\d{1,2}(?:\.\d)?) Copyright"),
    ("libpng", "libpng:libpng", "library", b"libpng version ", r"libpng version (1\.\d\.\d{1,2})"),
    ("expat", "libexpat_project:libexpat", "library", b"expat_", r"expat_(2\.\d{1,2}\.\d{1,2})"),
    ("sqlite", "sqlite:sqlite", "library", b"SQLite ", r"SQLite (?:version )?(3\.\d{1,2}\.\d{1,2})"),
    ("wpa_supplicant", "w1.fi:wpa_supplicant", "application", b"wpa_supplicant v", r"wpa_supplicant v(\d\.\d{1,2})"),
    ("hostapd", "w1.fi:hostapd", "application", b"hostapd v", r"hostapd v(\d\.\d{1,2})"),
    ("glibc", "gnu:glibc", "library", b"GNU C Library", r"GNU C Library [^\x00\n]{0,80}version (\d\.\d{1,2})"),
    (
        "uclibc",
        "uclibc-ng_project:uclibc-ng",
        "library",
        b"uClibc",
        r"(?:NPTL|ld-uClibc|libuClibc)[ -](\d\.\d{1,2}\.\d{1,2})",
    ),
    ("miniupnpd", "miniupnp_project:miniupnpd", "application", b"MiniUPnPd/", r"MiniUPnPd/(\d\.\d(?:\.\d{1,2})?)"),
    ("samba", "samba:samba", "application", b"Samba ", r"Samba (\d\.\d{1,2}\.\d{1,2})"),
];

static COMPILED: LazyLock<Vec<Regex>> =
    LazyLock::new(|| ROWS.iter().map(|row| Regex::new(row.4).expect("a constant that the tests compile")).collect());

/// Window behind a keyword.
const WINDOW: usize = 256;
/// Places of one keyword that are looked at in one file.
const TRIES: usize = 64;
/// Packages of one list.
const PACKAGES: usize = 5_000;

/// Those that one file shows.
pub(crate) fn of(place: &str, path: &str, bytes: &[u8]) -> Vec<Component> {
    let mut found = listed(place, path, bytes);
    for ((name, cpe, kind, keyword, _), pattern) in ROWS.iter().zip(COMPILED.iter()) {
        let mut hits = memchr::memmem::find_iter(bytes, keyword).take(TRIES);
        let version = hits.find_map(|at| {
            let window = &bytes[at.saturating_sub(16)..bytes.len().min(at + WINDOW)];
            let version = pattern.captures(window)?.get(1)?;
            Some(String::from_utf8_lossy(version.as_bytes()).into_owned())
        });
        if let Some(version) = version {
            found.push(Component {
                name: (*name).to_owned(),
                purl: format!("pkg:generic/{name}@{}", quoted(&version)),
                cpe: Some(format!(
                    "cpe:2.3:{}:{cpe}:{}:*:*:*:*:*:*:*",
                    if *kind == "operating-system" { 'o' } else { 'a' },
                    cpe_version(&version)
                )),
                version,
                kind: (*kind).to_owned(),
                known_by: "text in the file".into(),
                place: place.to_owned(),
            });
        }
    }
    found
}

/// Package lists of Debian, OpenWrt and Alpine, and the release file of a distribution.
fn listed(place: &str, path: &str, bytes: &[u8]) -> Vec<Component> {
    let text = || String::from_utf8_lossy(bytes).into_owned();
    if path.ends_with("/var/lib/dpkg/status") {
        return packages(place, &text(), "Package: ", "Version: ", |n, v| format!("pkg:deb/debian/{n}@{v}"));
    }
    if path.ends_with("/lib/opkg/status") || path.ends_with("/var/lib/opkg/status") {
        return packages(place, &text(), "Package: ", "Version: ", |n, v| format!("pkg:generic/openwrt/{n}@{v}"));
    }
    if path.ends_with("/lib/apk/db/installed") {
        return packages(place, &text(), "P:", "V:", |n, v| format!("pkg:apk/alpine/{n}@{v}"));
    }
    if path.ends_with("/os-release") {
        let text = text();
        let value = |key: &str| {
            let line = text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='))?;
            Some(line.trim_matches('"').to_owned())
        };
        if let (Some(name), Some(version)) = (value("ID"), value("VERSION_ID")) {
            let purl = format!("pkg:generic/{}@{}", quoted(&name), quoted(&version));
            let (kind, known_by) = ("operating-system".to_owned(), "release file".to_owned());
            return vec![Component { name, version, purl, cpe: None, kind, known_by, place: place.to_owned() }];
        }
    }
    Vec::new()
}

fn packages(place: &str, text: &str, name: &str, version: &str, purl: impl Fn(&str, &str) -> String) -> Vec<Component> {
    let of = |stanza: &str| {
        let field = |key: &str| stanza.lines().find_map(|l| l.strip_prefix(key)).map(|v| v.trim().to_owned());
        // A package that was removed leaves its stanza behind.
        let gone = field("Status: ").is_some_and(|status| !status.ends_with(" installed"));
        let (name, version) = (field(name)?, field(version)?);
        let tame = |t: &str| !t.is_empty() && t.len() <= 128 && t.bytes().all(|b| b.is_ascii_graphic());
        (!gone && tame(&name) && tame(&version)).then(|| Component {
            purl: purl(&quoted(&name), &quoted(&version)),
            cpe: None,
            kind: "library".into(),
            known_by: "package list".into(),
            place: place.to_owned(),
            name,
            version,
        })
    };
    text.split("\n\n").filter_map(of).take(PACKAGES).collect()
}

/// As package URLs want it.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-~:".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// As CPE names want it.
fn cpe_version(version: &str) -> String {
    version.chars().flat_map(|c| if c == '+' { vec!['\\', c] } else { vec![c] }).collect()
}
