//! What an HTML page offers: its title, its logon form. Read by pattern, because hostile pages need no tree.

use std::sync::LazyLock;

use assay_model::touch::http::HttpAnswer;
use regex::Regex;

macro_rules! pattern {
    ($name:ident, $regex:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($regex).expect("a constant that the tests compile"));
    };
}

pattern!(TITLE, r"(?is)<title[^>]*>(.*?)</title>");
pattern!(FORM, r"(?is)<form\b([^>]*)>(.*?)</form>");
pattern!(INPUT, r"(?is)<input\b([^>]*)>");
pattern!(ATTRIBUTE, r#"(?is)\b([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#);

/// A form with a password field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogonForm {
    /// Where it posts to; empty for the page itself.
    pub action: String,
    /// The user's field, where there is one.
    pub user: Option<String>,
    /// The password's field.
    pub password: String,
    /// Further fields with their values: tokens against forgery.
    pub hidden: Vec<(String, String)>,
}

/// The title, at most 200 characters.
pub(crate) fn title(html: &str) -> Option<String> {
    let text = TITLE.captures(html)?.get(1)?.as_str();
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    (!text.is_empty()).then_some(text)
}

/// The first form that asks for one password. A form with two password fields sets one and is no logon.
pub(crate) fn logon_form(html: &str) -> Option<LogonForm> {
    FORM.captures_iter(html).take(50).find_map(|c| {
        let mut form = LogonForm {
            action: attribute(&c[1], "action").unwrap_or_default(),
            user: None,
            password: String::new(),
            hidden: vec![],
        };
        let mut passwords = 0;
        for input in INPUT.captures_iter(&c[2]).take(100) {
            let kind = attribute(&input[1], "type").unwrap_or_default().to_lowercase();
            let Some(name) = attribute(&input[1], "name") else { continue };
            match kind.as_str() {
                "password" => {
                    passwords += 1;
                    form.password = name;
                }
                "hidden" => form.hidden.push((name, attribute(&input[1], "value").unwrap_or_default())),
                "" | "text" | "email" if form.user.is_none() => form.user = Some(name),
                _ => {}
            }
        }
        (passwords == 1).then_some(form)
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    ATTRIBUTE.captures_iter(tag).find(|c| c[1].eq_ignore_ascii_case(name)).map(|c| {
        let value = c.get(2).or_else(|| c.get(3)).or_else(|| c.get(4)).map_or("", |m| m.as_str());
        value.replace("&amp;", "&").replace("&quot;", "\"")
    })
}

/// Schemes of the `WWW-Authenticate` headers, in lower case: `basic`, `digest`.
pub(crate) fn auth_schemes(answer: &HttpAnswer) -> Vec<String> {
    let mut schemes: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "www-authenticate")
        .filter_map(|(_, value)| value.split_whitespace().next())
        .map(str::to_lowercase)
        .collect();
    schemes.dedup();
    schemes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logon_forms_are_read_with_their_tokens() {
        let html = r#"<title> Camera
          C1 </title><FORM method=post action='/login?a=1&amp;b=2'><input type=hidden name=csrf value="x&quot;y">
          <input name="user"><input type="password" name="pw"></form>"#;
        let form = logon_form(html).unwrap();
        assert_eq!(
            (form.action.as_str(), form.user.as_deref(), form.password.as_str()),
            ("/login?a=1&b=2", Some("user"), "pw")
        );
        assert_eq!(form.hidden, [("csrf".to_owned(), "x\"y".to_owned())]);
        assert_eq!(title(html).as_deref(), Some("Camera C1"));
    }

    #[test]
    fn a_form_that_sets_a_password_is_no_logon() {
        assert_eq!(logon_form("<form><input type=password name=a><input type=password name=b></form>"), None);
        assert_eq!(logon_form("<form><input name=q></form>"), None);
        assert_eq!(logon_form("<form <form <input"), None);
        assert_eq!(title("<title></title>"), None);
    }
}
