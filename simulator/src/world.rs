//! Everything that a run consists of: one tenant, its fleet, and who is connected.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use latch_mqtt::{DEFAULT_PREFIX, Endpoint, Topics};
use latch_verify::types::Version;

use crate::{
    connection::CONNECT_LIMIT,
    device::{Surroundings, public_key},
    error::DemoError,
    evidence::{DeviceRecord, Evidence, Seen, Wait},
    fleet::Fleet,
    operator::{Known, Operator},
    platform::HostClock,
    progress::Progress,
    relay::Relay,
    report::Row,
    seed::Seed,
    serving::PageService,
    tenant::Tenant,
    traffic::Traffic,
};

/// The version with which devices leave the factory.
pub(crate) const FACTORY: Version = Version {
    major: 1,
    minor: 0,
    patch: 0,
};

/// A run's parts.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) fleet: Fleet,
    pub(crate) operator: Operator,
    pub(crate) pages: PageService,
    pub(crate) relay: Relay,
    pub(crate) evidence: Arc<Evidence>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) progress: Progress,
}

/// What a world is made from.
pub(crate) struct Blueprint<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) tenant: &'a str,
    pub(crate) seed: Seed,
    pub(crate) names: &'a [String],
    pub(crate) slot_size: usize,
    pub(crate) progress: Progress,
}

impl World {
    /// Makes the tenant and connects everybody; devices come last.
    ///
    /// # Errors
    /// As [`Operator::start`] and [`Fleet::start`].
    pub(crate) async fn start(blueprint: Blueprint<'_>) -> Result<Self, DemoError> {
        let Blueprint {
            endpoint,
            tenant,
            seed,
            names,
            slot_size,
            progress,
        } = blueprint;
        let tenant = Tenant::new(tenant, seed)?;
        let topics = Topics::new(DEFAULT_PREFIX, &tenant.id().to_string())?;
        let evidence = Arc::new(Evidence::new(names.to_vec()));
        let traffic = Arc::new(Traffic::default());
        let id = tenant.id();
        let known = names
            .iter()
            .map(|name| {
                Ok(Known {
                    id: name.parse()?,
                    key: public_key(seed, name)?,
                })
            })
            .collect::<Result<Vec<_>, DemoError>>()?;
        let (on, counted) = (|| Arc::clone(&evidence), || Arc::clone(&traffic));
        let operator = Operator::start(endpoint, &topics, id, known, on(), counted()).await?;
        let pages = PageService::start(endpoint, &topics, id, on(), counted()).await?;
        let relay = Relay::start(endpoint, &topics, id, counted()).await?;
        let around = Surroundings {
            endpoint: endpoint.clone(),
            topics,
            evidence: on(),
            traffic: counted(),
            clock: HostClock::new(),
            slot_size,
        };
        let fleet = Fleet::start(names, FACTORY, &tenant, seed, &around)?;
        Ok(Self {
            tenant,
            fleet,
            operator,
            pages,
            relay,
            evidence,
            traffic,
            progress,
        })
    }

    /// Waits until every device listens and has published its state.
    ///
    /// # Errors
    /// [`DemoError::Late`].
    pub(crate) async fn assemble(&self) -> Result<Row, DemoError> {
        let all = self.fleet.all();
        let bar = self
            .progress
            .step("Enrolling and connecting the fleet", all.len());
        let connected = Wait {
            what: "connecting the fleet",
            limit: CONNECT_LIMIT,
        };
        self.evidence
            .each(connected, &all, &bar, |_, record| {
                record.listens && record.state.is_some()
            })
            .await?;
        let row = self.row(
            "enrol a new device, connect it",
            "state signed by its own key",
            &all,
            |_, record| {
                let version = record.state.as_ref()?.status.firmware.version;
                (version != FACTORY).then(|| format!("it runs {version}"))
            },
        );
        bar.end(&row.happened);
        Ok(row)
    }

    /// A row over these devices, from their records: `None` where it went as it should.
    pub(crate) fn row(
        &self,
        tried: &str,
        expected: &str,
        devices: &[usize],
        otherwise: impl Fn(usize, &DeviceRecord) -> Option<String>,
    ) -> Row {
        self.evidence.read(|records| {
            let outcome = |&device: &usize| {
                (
                    self.evidence.name(device).to_owned(),
                    otherwise(device, &records.devices[device]),
                )
            };
            Row::new(tried, expected, devices.iter().map(outcome))
        })
    }

    /// How long these devices' receipts took from this moment.
    pub(crate) fn since(
        &self,
        left: Instant,
        devices: &[usize],
        receipt: impl Fn(&DeviceRecord) -> Option<&Seen>,
    ) -> Vec<Duration> {
        self.evidence.read(|records| {
            let taken = |&device: &usize| {
                receipt(&records.devices[device])
                    .map(|seen| seen.at.saturating_duration_since(left))
            };
            devices.iter().filter_map(taken).collect()
        })
    }

    /// Ends everybody, and deletes what the broker has kept.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn end(self) -> Result<(), DemoError> {
        self.fleet.end().await;
        self.relay.disconnect().await;
        drop(self.pages);
        let forgotten = self.operator.forget(&self.traffic).await;
        self.operator.disconnect().await;
        forgotten
    }
}
