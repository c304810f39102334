//! The table of pages.

/// One page; `body` is what stands under the heading.
pub(super) struct WebPage {
    path: &'static str,
    pub(super) title: &'static str,
    pub(super) body: &'static str,
}

static PAGES: &[WebPage] = &[
    WebPage {
        path: "/",
        title: "Maker of the C1 camera",
        body: r#"<ul>
<li><a href="/product">C1 smart camera</a></li>
<li><a href="/support">Support and security updates</a></li>
<li><a href="/security">Reporting a security issue</a></li>
</ul>"#,
    },
    WebPage {
        path: "/product",
        title: "C1 smart camera",
        body: r#"<p>A camera for the home with night vision and local recording. Model C1.</p>
<p>Security updates: the C1 gets security updates until 31 December 2031. See <a href="/support">support</a>.</p>
<p>Price: 79 pounds.</p>"#,
    },
    WebPage {
        path: "/support",
        title: "Support and security updates",
        body: r#"<p>This is how long each product gets security updates, free of charge. You need no account to read this page.</p>
<table>
<tr><th>Product</th><th>Type</th><th>First sold</th><th>Security updates until</th></tr>
<tr><td>C1</td><td>Smart camera</td><td>1 May 2026</td><td><time datetime="2031-12-31">31 December 2031</time></td></tr>
</table>
<p>The camera fetches updates by itself and installs them at night. We will not shorten this period.</p>"#,
    },
    WebPage {
        path: "/security",
        title: "Reporting a security issue",
        body: r#"<p>If you think that one of our products or services has a security issue, please tell us. You need no account, and you need not tell us who you are.</p>
<h2>How to reach us</h2>
<p>Write to <a href="mailto:security@maker.test">security@maker.test</a>, or call +44 20 7946 0000 on working days. Any language that you write is fine; we answer in English.</p>
<p>Tell us the product, its firmware version and the steps that show the issue.</p>
<h2>What happens then</h2>
<p>We acknowledge your report within 3 working days.</p>
<p>We send you a status update at least every 14 days until the issue is resolved.</p>
<p>We aim to ship a fix within 90 days, agree with you on the day of publication, and name you if you like.</p>
<h2>Good faith</h2>
<p>We take no legal action against people who look for issues in their own devices, harm nobody and give us time to fix them.</p>"#,
    },
];

/// The page at a path; a slash at the end makes no difference.
pub(super) fn at(path: &str) -> Option<&'static WebPage> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    PAGES.iter().find(|page| page.path == path)
}

pub(super) fn render(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )
}
