use std::io::Write as _;

use super::*;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

/// Whether Debian's poppler-utils is there; where peers are required, it must be.
fn have_reader() -> bool {
    let found = std::process::Command::new("pdftotext").arg("-v").output().is_ok();
    if !found {
        assert!(std::env::var_os("ASSAY_REQUIRE_PEERS").is_none_or(|v| v != "1"), "poppler-utils is not installed");
        let _ = writeln!(std::io::stderr(), "skipped: poppler-utils is not installed");
    }
    found
}

/// A PDF of one page with this content stream; `more` goes into the stream's dictionary and the trailer.
fn pdf(content: &[u8], filter: &str, trailer: &str) -> Vec<u8> {
    let stream =
        [format!("<< /Length {}{filter} >>\nstream\n", content.len()).as_bytes(), content, b"\nendstream"].concat();
    let objects: [Vec<u8>; 5] = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".to_vec(),
        stream,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
    ];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (n, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n", n + 1).bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let xref = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
    for place in &places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let size = places.len() + 1;
    file.extend(format!("trailer\n<< /Size {size} /Root 1 0 R{trailer} >>\nstartxref\n{xref}\n%%EOF\n").bytes());
    file
}

fn says(text: &str) -> Vec<u8> {
    format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET").into_bytes()
}

#[tokio::test]
async fn the_text_of_a_good_pdf_is_read() {
    if !have_reader() {
        return;
    }
    let file = pdf(&says("Report security issues to security@maker.test"), "", "");
    let read = read(&file, false, soon()).await;
    assert_eq!((read.text.as_str(), read.unread.as_str()), ("Report security issues to security@maker.test", ""));
}

#[tokio::test]
async fn pdfs_without_text_say_why() {
    if !have_reader() {
        return;
    }
    let pictures = pdf(b"0 0 100 100 re f", "", "");
    let cut = &pdf(&says("x"), "", "")[..60];
    // Nobody has the password to keys of zeros.
    let zeros = "00".repeat(32);
    let locked = format!(
        " /Encrypt << /Filter /Standard /V 1 /R 2 /O <{zeros}> /U <{zeros}> /P -4 >> /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]"
    );
    let encrypted = pdf(&says("secret"), "", &locked);
    for (file, why) in [
        (pictures.as_slice(), "holds no text"),
        (cut, "broken"),
        (encrypted.as_slice(), "encrypted"),
        (b"<html>not at all", "it is none"),
        (b"", "it is none"),
    ] {
        let read = read(file, false, soon()).await;
        assert!(read.text.is_empty() && read.unread.contains(why), "{why}: {read:?}");
    }
    let read = read(cut, true, soon()).await;
    assert!(read.unread.contains("longer than what was kept"), "{read:?}");
}

#[tokio::test]
async fn bombs_are_ended() {
    if !have_reader() {
        return;
    }
    // Run lengths: two bytes become 128. Five times over, 64 KiB become two terabytes.
    let filter = format!(" /Filter [{}]", "/RunLengthDecode ".repeat(5));
    let mut content = Vec::new();
    for _ in 0..32 * 1024 {
        content.extend([129, 129]);
    }
    let bomb = pdf(&content, &filter, "");
    let shortly = || Deadline::after(Duration::from_secs(4));
    let bombed = read(&bomb, false, shortly()).await;
    assert!(bombed.text.is_empty() && !bombed.unread.is_empty(), "{bombed:?}");

    let long = "BT /F1 12 Tf 72 720 Td (the same words over and over again) Tj ET\n".repeat(200_000);
    let endless = read(&pdf(long.as_bytes(), "", ""), false, shortly()).await;
    assert!(endless.text.len() as u64 <= MOST_TEXT, "{} bytes", endless.text.len());

    let late = read(&pdf(&says("x"), "", ""), false, Deadline::after(Duration::ZERO)).await;
    assert!(late.text.is_empty() && late.unread.contains("longer than is allowed"), "{late:?}");
}
