//! Every page of the maker's website, good and by defect. The one table of them.
//!
//! A variant serves its own pages and, for every other path, those of `good`. Statuses and redirects are part of what a
//! reader meets, so they stand here beside the text.

/// One page of one variant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SitePage {
    /// `good`, or the defect's name.
    pub(crate) variant: &'static str,
    /// Its path.
    pub(crate) path: &'static str,
    /// Its status code.
    pub(crate) status: u16,
    /// Where it redirects to; empty where it does not.
    pub(crate) location: &'static str,
    /// Its `Content-Type`.
    pub(crate) media_type: &'static str,
    /// Its text.
    pub(crate) body: &'static str,
}

#[rustfmt::skip]
pub(crate) static PAGES: &[SitePage] = &[
    page("good", "/", 200, "", "text/html; charset=utf-8", include_str!("good/index.html")),
    page("good", "/product", 200, "", "text/html; charset=utf-8", include_str!("good/product.html")),
    page("good", "/support", 200, "", "text/html; charset=utf-8", include_str!("good/support.html")),
    page("good", "/security", 200, "", "text/html; charset=utf-8", include_str!("good/security.html")),
    page("good", "/statement", 200, "", "text/html; charset=utf-8", include_str!("good/statement.html")),
    page("good", "/label", 200, "", "text/html; charset=utf-8", include_str!("good/label.html")),
    page("good", "/.well-known/security.txt", 200, "", "text/plain; charset=utf-8", include_str!("good/security.txt")),
    page("no-policy-page", "/", 200, "", "text/html; charset=utf-8", include_str!("no-policy-page/index.html")),
    page("no-policy-page", "/security", 404, "", "text/html; charset=utf-8", include_str!("no-policy-page/security.html")),
    page("no-policy-page", "/.well-known/security.txt", 404, "", "text/html; charset=utf-8", include_str!("no-policy-page/security.html")),
    page("policy-behind-login", "/security", 302, "/login", "text/html; charset=utf-8", include_str!("policy-behind-login/login.html")),
    page("policy-behind-login", "/login", 200, "", "text/html; charset=utf-8", include_str!("policy-behind-login/login.html")),
    page("no-contact", "/security", 200, "", "text/html; charset=utf-8", include_str!("no-contact/security.html")),
    page("no-acknowledgement-time", "/security", 200, "", "text/html; charset=utf-8", include_str!("no-acknowledgement-time/security.html")),
    page("no-status-updates", "/security", 200, "", "text/html; charset=utf-8", include_str!("no-status-updates/security.html")),
    page("policy-asks-email", "/security", 200, "", "text/html; charset=utf-8", include_str!("policy-asks-email/security.html")),
    page("policy-in-french", "/security", 200, "", "text/html; charset=utf-8", include_str!("policy-in-french/security.html")),
    page("no-contact", "/.well-known/security.txt", 404, "", "text/html; charset=utf-8", include_str!("no-policy-page/security.html")),
    page("policy-pdf-paywalled", "/security", 200, "", "text/html; charset=utf-8", include_str!("policy-pdf-paywalled/security.html")),
    page("policy-pdf-paywalled", "/security-policy.pdf", 402, "", "text/html; charset=utf-8", include_str!("policy-pdf-paywalled/security-policy.html")),
    page("support-period-without-end-date", "/support", 200, "", "text/html; charset=utf-8", include_str!("support-period-without-end-date/support.html")),
    page("support-period-jargon", "/support", 200, "", "text/html; charset=utf-8", include_str!("support-period-jargon/support.html")),
    page("support-period-shortened", "/support", 200, "", "text/html; charset=utf-8", include_str!("support-period-shortened/support.html")),
    page("support-period-shortened", "/product", 200, "", "text/html; charset=utf-8", include_str!("support-period-shortened/product.html")),
    page("support-period-shortened", "/statement", 200, "", "text/html; charset=utf-8", include_str!("support-period-shortened/statement.html")),
    page("support-period-lengthened", "/support", 200, "", "text/html; charset=utf-8", include_str!("support-period-lengthened/support.html")),
    page("support-period-lengthened", "/product", 200, "", "text/html; charset=utf-8", include_str!("support-period-lengthened/product.html")),
    page("support-period-lengthened", "/statement", 200, "", "text/html; charset=utf-8", include_str!("support-period-lengthened/statement.html")),
    page("no-support-page", "/", 200, "", "text/html; charset=utf-8", include_str!("no-support-page/index.html")),
    page("no-support-page", "/support", 404, "", "text/html; charset=utf-8", include_str!("no-support-page/support.html")),
    page("support-not-on-sales-page", "/product", 200, "", "text/html; charset=utf-8", include_str!("support-not-on-sales-page/product.html")),
    page("statement-missing-field", "/statement", 200, "", "text/html; charset=utf-8", include_str!("statement-missing-field/statement.html")),
    page("statement-date-disagrees", "/statement", 200, "", "text/html; charset=utf-8", include_str!("statement-date-disagrees/statement.html")),
    page("label-expired", "/label", 200, "", "text/html; charset=utf-8", include_str!("label-expired/label.html")),
    page("label-wrong-model", "/label", 200, "", "text/html; charset=utf-8", include_str!("label-wrong-model/label.html")),
];

const fn page(
    variant: &'static str,
    path: &'static str,
    status: u16,
    location: &'static str,
    media_type: &'static str,
    body: &'static str,
) -> SitePage {
    SitePage { variant, path, status, location, media_type, body }
}

/// The page that a site with these variants has at a path: the first variant's that has its own, or else the good one. A
/// slash at the end makes no difference.
pub(crate) fn at(variants: &[&str], path: &str) -> Option<&'static SitePage> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let of = |variant: &str| PAGES.iter().find(|p| p.variant == variant && p.path == path);
    variants.iter().find_map(|variant| of(variant)).or_else(|| of("good"))
}
