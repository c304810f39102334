//! Web interface and JSON API.

use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::http_client::{form_request, get, http, https, json_request, post, tls};
use crate::lab::{CHOSEN, log_on, one, one_set_up, set_up, token};

#[tokio::test(flavor = "multi_thread")]
async fn first_use_needs_the_label_and_a_chosen_password() {
    let (_running, sample) = one(1, &[]).await;
    assert_eq!(get(&sample, "/api/state").await.json()["initialised"], false);
    assert_eq!(log_on(&sample, "").await.status, 401);
    assert_eq!(get(&sample, "/").await.header("location"), "/setup");

    assert_eq!(set_up(&sample, "").await.status, 400);
    assert_eq!(set_up(&sample, "short").await.status, 400);
    let no_password = json!({ "label_password": sample.label["password"], "user": "admin" });
    assert_eq!(post(&sample, "/api/setup", no_password).await.status, 400);
    let wrong_label = json!({ "label_password": "nope", "user": "admin", "password": CHOSEN });
    assert_eq!(post(&sample, "/api/setup", wrong_label).await.status, 401);
    assert_eq!(get(&sample, "/api/state").await.json()["initialised"], false);

    assert_eq!(set_up(&sample, CHOSEN).await.status, 200);
    assert_eq!(set_up(&sample, CHOSEN).await.status, 409);
    assert_eq!(get(&sample, "/api/state").await.json()["initialised"], true);
    assert_eq!(log_on(&sample, &sample.label["password"]).await.status, 401);
    assert_eq!(log_on(&sample, CHOSEN).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_defect_lets_first_use_end_without_a_password() {
    let (running, sample) = one(2, &["setup-accepts-empty-password"]).await;
    assert_eq!(set_up(&sample, "").await.status, 200);
    assert_eq!(log_on(&sample, "").await.status, 200);
    running.press_reset("s1").unwrap();
    let no_password = json!({ "label_password": sample.label["password"], "user": "admin" });
    assert_eq!(post(&sample, "/api/setup", no_password).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_the_owners_alone() {
    let (_running, sample) = one_set_up(3, &[]).await;
    assert_eq!(get(&sample, "/api/settings").await.status, 401);
    let forged = json_request("GET", "/api/settings", &"0".repeat(32), json!(null));
    assert_eq!(https(&sample, forged).await.status, 401);

    let token = token(&sample).await;
    let change = json!({ "name": "<b>Hall</b>" });
    let changed = https(&sample, json_request("PUT", "/api/settings", &token, change)).await;
    assert_eq!((changed.status, &changed.json()["name"]), (200, &json!("<b>Hall</b>")));
    assert_eq!(changed.json()["timezone"], "Europe/London");
    for bad in [json!({ "name": "x".repeat(100) }), json!({ "nmae": "x" }), json!({ "name": "\u{1b}[2J" })] {
        assert_eq!(https(&sample, json_request("PUT", "/api/settings", &token, bad)).await.status, 400);
    }
    assert_eq!(https(&sample, json_request("POST", "/api/logout", &token, json!(null))).await.status, 200);
    assert_eq!(https(&sample, json_request("GET", "/api/settings", &token, json!(null))).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_passwords_lock_until_time_passes_or_reset() {
    let (running, sample) = one_set_up(4, &[]).await;
    for _ in 0..5 {
        assert_eq!(log_on(&sample, "wrong").await.status, 401);
    }
    let locked = log_on(&sample, CHOSEN).await;
    assert_eq!(locked.status, 429);
    assert!((1..=30).contains(&locked.header("retry-after").parse::<u32>().unwrap()));

    running.advance_clock("s1", Duration::from_secs(31)).unwrap();
    assert_eq!(log_on(&sample, CHOSEN).await.status, 200);

    for _ in 0..5 {
        log_on(&sample, "wrong").await;
    }
    assert_eq!(log_on(&sample, CHOSEN).await.status, 429);
    let reset = json!({ "label_password": sample.label["password"] });
    assert_eq!(post(&sample, "/api/factory-reset", reset).await.json()["initialised"], false);
    assert_eq!(set_up(&sample, CHOSEN).await.status, 200);
    assert_eq!(log_on(&sample, CHOSEN).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_no_lockout_defect_never_says_429() {
    let (_running, sample) = one_set_up(5, &["no-lockout"]).await;
    for _ in 0..20 {
        assert_eq!(log_on(&sample, "wrong").await.status, 401);
    }
    assert_eq!(log_on(&sample, CHOSEN).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_needs_the_owner_or_the_label_and_ends_sessions() {
    let (_running, sample) = one_set_up(6, &[]).await;
    let bare = json_request("POST", "/api/factory-reset", "", json!(null));
    assert_eq!(https(&sample, bare).await.status, 401);
    assert_eq!(post(&sample, "/api/factory-reset", json!({ "label_password": "nope" })).await.status, 401);
    assert_eq!(log_on(&sample, CHOSEN).await.status, 200, "nothing was reset so far");

    let token = token(&sample).await;
    let reset = json_request("POST", "/api/factory-reset", &token, json!(null));
    assert_eq!(https(&sample, reset).await.json()["initialised"], false);
    assert_eq!(https(&sample, json_request("GET", "/api/settings", &token, json!(null))).await.status, 401);
    assert_eq!(log_on(&sample, CHOSEN).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_defect_comes_back_from_reset_with_a_shared_password() {
    for (network, defects, status) in [(7, &[][..], 401), (8, &["reset-restores-shared-password"][..], 200)] {
        let (running, sample) = one_set_up(network, defects).await;
        assert_eq!(log_on(&sample, assay_virtual::SHARED_RESET_PASSWORD).await.status, 401);
        running.press_reset("s1").unwrap();
        assert_eq!(log_on(&sample, assay_virtual::SHARED_RESET_PASSWORD).await.status, status);
        assert_eq!(get(&sample, "/api/state").await.json()["initialised"], status == 200);
        assert_eq!(set_up(&sample, CHOSEN).await.status, 200, "the harness can always get back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_replaces_the_former() {
    let (_running, sample) = one_set_up(9, &[]).await;
    let token = token(&sample).await;
    let change = |current: &str, password: &str| {
        json_request("POST", "/api/password", &token, json!({ "current": current, "password": password }))
    };
    assert_eq!(https(&sample, change("wrong", "another long one")).await.status, 401);
    assert_eq!(https(&sample, change(CHOSEN, "short")).await.status, 400);
    assert_eq!(https(&sample, change(CHOSEN, "another long one")).await.status, 200);
    assert_eq!(log_on(&sample, CHOSEN).await.status, 401);
    assert_eq!(log_on(&sample, "another long one").await.status, 200);
    assert_eq!(https(&sample, change("another long one", CHOSEN)).await.status, 401, "sessions of before are closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forms_of_the_pages_do_what_the_api_does() {
    let (_running, sample) = one(10, &[]).await;
    let form = get(&sample, "/setup").await;
    for field in ["label_password", "user", "password"] {
        assert!(form.text.contains(&format!("name=\"{field}\"")), "{}", form.text);
    }
    let fields = format!("label_password={}&user=admin&password=", sample.label["password"]);
    assert_eq!(https(&sample, form_request("/setup", &fields)).await.status, 400);
    let done = https(&sample, form_request("/setup", &format!("{fields}correct+horse+battery"))).await;
    assert_eq!((done.status, done.header("location")), (303, "/login"));

    assert_eq!(https(&sample, form_request("/login", "user=admin&password=wrong")).await.status, 401);
    let on = https(&sample, form_request("/login", "user=admin&password=correct+horse+battery")).await;
    assert_eq!((on.status, on.header("location")), (303, "/"));
    let cookie = on.header("set-cookie");
    for attribute in ["HttpOnly", "Secure", "SameSite=Strict"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }

    let pair = cookie.split(';').next().unwrap();
    let home = Request::builder().uri("/").header("host", "c1").header("cookie", pair).body(Full::default()).unwrap();
    let home = https(&sample, home).await;
    assert_eq!(home.status, 200);
    assert!(home.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(home.header("x-frame-options"), "DENY");

    for _ in 0..5 {
        https(&sample, form_request("/login", "user=admin&password=wrong")).await;
    }
    let locked = https(&sample, form_request("/login", "user=admin&password=wrong")).await;
    assert_eq!(locked.status, 429);
    assert_ne!(locked.header("retry-after"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn http_only_shows_the_way_to_https() {
    let (_running, sample) = one(11, &[]).await;
    let request = Request::builder()
        .uri("/login?next=x")
        .header("host", "evil.test")
        .body(Full::from("user=admin&password=x"))
        .unwrap();
    let answer = http((sample.host, 8080).into(), request).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (308, &*format!("https://{}:8443/login?next=x", sample.host))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_learn_no_identifier_and_wrong_methods_are_refused() {
    let (_running, sample) = one(12, &[]).await;
    for path in ["/api/state", "/setup", "/login", "/", "/nowhere", "/api/settings"] {
        let answer = get(&sample, path).await;
        for field in ["serial", "mac", "ssid", "password"] {
            assert!(!answer.text.contains(&sample.label[field]), "{path} shows {field}");
        }
    }
    assert_eq!(get(&sample, "/api/setup").await.status, 405);
    assert_eq!(get(&sample, "/nowhere").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_are_refused_and_the_camera_lives() {
    let (_running, sample) = one_set_up(13, &[]).await;
    let too_long = json!({ "user": "admin", "password": "x".repeat(100_000) });
    assert_eq!(post(&sample, "/api/login", too_long).await.status, 413);
    assert_eq!(post(&sample, "/api/login", json!([1, 2])).await.status, 400);
    let mut deep = Request::builder().method("POST").uri("/api/login").header("host", "c1");
    deep = deep.header("content-type", "application/json");
    assert_eq!(https(&sample, deep.body(Full::from("[".repeat(10_000))).unwrap()).await.status, 400);
    let foreign_form = Request::builder().method("POST").uri("/api/factory-reset").header("content-type", "text/plain");
    let foreign_form = foreign_form.header("host", "c1").body(Full::from("{}")).unwrap();
    assert_eq!(https(&sample, foreign_form).await.status, 415);

    let mut garbage = tls((sample.host, 8443).into()).await.unwrap();
    garbage.write_all(b"\x00\xff garbage\r\n\r\n").await.unwrap();
    let mut reply = Vec::new();
    let _ = garbage.read_to_end(&mut reply).await;
    assert!(String::from_utf8_lossy(&reply).starts_with("HTTP/1.1 400"), "{reply:?}");

    assert_eq!(log_on(&sample, CHOSEN).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sample_has_a_certificate_of_its_own() {
    let running = assay_virtual::start(crate::lab::spec(14, 2, &[])).await.unwrap();
    let mut certificates = Vec::new();
    for sample in running.samples() {
        let stream = tls((sample.host, 8443).into()).await.unwrap();
        certificates.push(stream.get_ref().1.peer_certificates().unwrap()[0].to_vec());
    }
    assert_ne!(certificates[0], certificates[1]);
    running.stop().await;
}
