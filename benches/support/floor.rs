//! The least that reading a list can cost: reqwest gets it, serde parses it into types, nothing is kept.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::Client;
use serde::Deserialize;

use crate::elsewhere::TOKEN;

#[derive(Debug, Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<Compute<'a>>,
    #[serde(rename = "nextLink")]
    next_link: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
struct Compute<'a> {
    id: &'a str,
    location: &'a str,
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    compute_type: &'a str,
    created_on: &'a str,
    #[serde(borrow)]
    properties: Instance<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance<'a> {
    vm_size: &'a str,
    state: &'a str,
    #[serde(borrow)]
    last_operation: LastOperation<'a>,
    #[serde(borrow)]
    created_by: CreatedBy<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LastOperation<'a> {
    operation_name: &'a str,
    operation_time: &'a str,
    operation_status: &'a str,
    operation_trigger: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedBy<'a> {
    user_name: &'a str,
    user_id: &'a str,
}

impl Compute<'_> {
    /// Looks at every field, so that none is parsed for nothing.
    fn weight(&self) -> usize {
        let inner = &self.properties.properties;
        let last = &inner.last_operation;
        let fields = [
            self.id,
            self.location,
            self.properties.compute_type,
            self.properties.created_on,
            inner.vm_size,
            inner.state,
            last.operation_name,
            last.operation_time,
            last.operation_status,
            last.operation_trigger,
            inner.created_by.user_name,
            inner.created_by.user_id,
        ];
        fields.iter().map(|field| field.len()).sum()
    }
}

/// A client as plain as the subject's: one origin, no redirect, no proxy, connections kept.
pub(crate) fn client(ca_file: Option<&Path>, concurrency: usize) -> Client {
    let roots = ca_file.map(|path| reqwest::Certificate::from_pem_bundle(&std::fs::read(path).unwrap()).unwrap());
    Client::builder()
        .tls_certs_only(roots.unwrap_or_default())
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(concurrency)
        .build()
        .unwrap()
}

/// Reads these lists with every page; how many computes there were.
pub(crate) async fn sweep(client: &Client, urls: &[String], concurrency: usize) -> usize {
    let lists = urls.iter().map(|url| list(client, url));
    futures_util::stream::iter(lists).buffer_unordered(concurrency).fold(0, |sum, one| async move { sum + one }).await
}

async fn list(client: &Client, first: &str) -> usize {
    let (mut url, mut count) = (first.to_owned(), 0);
    loop {
        let answer = client.get(&url).bearer_auth(TOKEN).header("accept", "application/json").send().await.unwrap();
        assert!(answer.status().is_success(), "{} for {url}", answer.status());
        let body = answer.bytes().await.unwrap();
        let page: Page<'_> = serde_json::from_slice(&body).unwrap();
        count += page.value.iter().filter(|compute| std::hint::black_box(compute.weight()) > 0).count();
        match page.next_link {
            Some(link) => url = link.to_owned(),
            None => return count,
        }
    }
}
