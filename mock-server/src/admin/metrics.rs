//! `/metrics`: counts of every sandbox, as Prometheus reads them.
//!
//! They are read from the sandboxes at each scrape, so they cannot disagree with the journal or with the list of rules,
//! and a reset takes them back too.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::AdminProblem;
use crate::app::App;
use crate::sandbox::Sandbox;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response, AdminProblem> {
    let mut registry = Registry::with_prefix("mock_server");
    registry.register_collector(Box::new(Counts(app)));
    let mut text = String::new();
    text::encode(&mut text, &registry).map_err(|error| AdminProblem::internal(error.to_string()))?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

#[derive(Debug)]
struct Counts(Arc<App>);

/// What is counted of one sandbox: under which name, and how often.
type Named = (String, u64);

// === impl Counts ===

impl Collector for Counts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let sandboxes = self.0.sandboxes.all();
        let gauge = ConstGauge::new(i64::try_from(sandboxes.len()).unwrap_or(i64::MAX));
        let help = "Sandboxes, default among them";
        gauge.encode(encoder.encode_descriptor("sandboxes", help, None, MetricType::Gauge)?)?;

        let mut family = |name, help, label: Option<&str>, counts: fn(&Sandbox) -> Vec<Named>| {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for sandbox in &sandboxes {
                for (of, count) in counts(sandbox) {
                    let counter = ConstCounter::new(count);
                    let sandbox = ("sandbox", sandbox.id.to_string());
                    match label {
                        None => counter.encode(family.encode_family(&[sandbox])?)?,
                        Some(label) => counter.encode(family.encode_family(&[sandbox, (label, of)])?)?,
                    }
                }
            }
            Ok::<(), fmt::Error>(())
        };
        family("exchanges", "Exchanges with vendors' paths", None, |sandbox| {
            vec![(String::new(), sandbox.journal.total())]
        })?;
        family("faults_injected", "Exchanges on which a fault rule fired", Some("rule"), |sandbox| {
            let now = sandbox.clock.now();
            let rules = sandbox.faults.list(now).into_iter().chain(sandbox.fired_quirks(now));
            let by_header = ("header".to_owned(), sandbox.header_faults.get());
            rules.map(|rule| (rule.id, rule.fired)).chain([by_header]).filter(|(_, count)| *count > 0).collect()
        })?;
        family("rate_limited", "Exchanges that a rate limit refused", Some("limit"), |sandbox| {
            sandbox.limits.list().into_iter().map(|limit| (limit.id, limit.refused)).collect()
        })
    }
}
