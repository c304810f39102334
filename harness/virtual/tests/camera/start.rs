//! Starting: labels, mistakes, taken ports, and that nothing stays behind.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

use assay_virtual::{StartError, StartSpec, models, start};

use crate::lab::spec;

#[tokio::test(flavor = "multi_thread")]
async fn samples_have_addresses_consoles_and_labels_of_their_own() {
    let running = start(spec(70, 3, &[])).await.unwrap();
    let samples = running.samples();
    let ids: Vec<&str> = samples.iter().map(|sample| &*sample.id).collect();
    assert_eq!(ids, ["s1", "s2", "s3"]);
    assert_eq!(samples[2].host, Ipv4Addr::new(127, 21, 70, 3));
    assert_eq!(samples[0].label["serial"], "C1-000123");
    for field in ["serial", "mac", "ssid", "password"] {
        let values: BTreeSet<&str> = samples.iter().map(|sample| &*sample.label[field]).collect();
        assert_eq!(values.len(), 3, "{field}");
    }
    let consoles: BTreeSet<_> = samples.iter().map(|sample| sample.console.clone()).collect();
    assert_eq!(consoles.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_defect_starts_and_shows_on_the_label_where_it_should() {
    let passwords = |samples: &[assay_virtual::VirtualSample]| -> Vec<String> {
        samples.iter().map(|sample| sample.label["password"].clone()).collect()
    };
    let good = start(spec(71, 2, &[])).await.unwrap();
    for row in models()[0].defects {
        let running = start(spec(72, 2, &[row.name])).await.unwrap();
        let changes = passwords(&running.samples()) != passwords(&good.samples());
        let on_the_label = row.name == "universal-password" || row.name.starts_with("password-");
        assert_eq!(changes, on_the_label, "{}", row.name);
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named_with_help() {
    let message = async |spec: StartSpec| start(spec).await.map(drop).unwrap_err().to_string();
    let unknown = StartSpec { model: "toaster".to_owned(), ..spec(73, 1, &[]) };
    assert_eq!(message(unknown).await, "there is no virtual model `toaster`; help: the models are camera");
    assert!(
        message(spec(73, 1, &["telnet-rot"]))
            .await
            .contains("no defect `telnet-rot`; help: its defects are universal-password")
    );
    assert!(message(spec(73, 1, &["silent", "absent"])).await.starts_with("`silent` and `absent` are both dead twins"));
    for samples in [0, 65, 255] {
        assert!(matches!(start(spec(73, samples, &[])).await, Err(StartError::SampleCount { .. })));
    }
    for network in [Ipv4Addr::new(10, 0, 0, 0), Ipv4Addr::new(127, 21, 73, 4)] {
        let spec = StartSpec { network, ..spec(73, 1, &[]) };
        assert!(matches!(start(spec).await, Err(StartError::Network { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_named_and_nothing_stays_behind() {
    let blocker = TcpListener::bind("127.21.74.2:2222").unwrap();
    let error = start(spec(74, 2, &[])).await.map(drop).unwrap_err();
    assert!(matches!(error, StartError::PortTaken { .. }));
    let text = error.to_string();
    assert!(text.contains("127.21.74.2:2222 is taken") && text.contains("set `network:`"), "{text}");
    for address in ["127.21.74.1:8443", "127.21.74.2:8443", "127.21.74.254:8088"] {
        TcpListener::bind(address).unwrap();
    }
    drop(blocker);
    start(spec(74, 2, &[])).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_share_no_network_and_stop_frees_it() {
    let first = start(spec(75, 1, &[])).await.unwrap();
    assert!(matches!(start(spec(75, 1, &[])).await, Err(StartError::PortTaken { .. })));
    first.stop().await;
    let again = start(spec(75, 1, &[])).await.unwrap();
    drop(again);
    let freed = async {
        while TcpListener::bind("127.21.75.1:8443").is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::lab::PATIENCE, freed).await.unwrap();
}
