//! The operator's side: publishes what was signed, and takes only what devices have signed.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use latch_issue::{DeviceState, ReceiptChain, SignedReceipt, Statement};
use latch_mqtt::{DeviceTopic, Endpoint, Event, Message, Publication, Topic, Topics};
use latch_verify::{
    types::{DeviceId, TenantId},
    wire::PublicKey,
};

use crate::{
    connection::{Downlink, Uplink, connect},
    error::DemoError,
    evidence::{Evidence, Seen},
    traffic::Traffic,
};

/// How long the broker keeps a code for devices that are away, in seconds: a code's own life.
const CODE_EXPIRY_S: u32 = latch_issue::DEFAULT_LIFE_S;

/// An operator that is connected.
pub(crate) struct Operator {
    uplink: Uplink,
    topics: Topics,
}

/// A device as the operator knows it from its enrolment.
pub(crate) struct Known {
    /// Its name.
    pub(crate) id: DeviceId,
    /// The key of its receipts.
    pub(crate) key: PublicKey,
}

impl Operator {
    /// Connects, and from then on records every receipt and state that verifies.
    ///
    /// # Errors
    /// As [`connect`].
    pub(crate) async fn start(
        endpoint: &Endpoint,
        topics: &Topics,
        tenant: TenantId,
        devices: Vec<Known>,
        evidence: Arc<Evidence>,
        traffic: Arc<Traffic>,
    ) -> Result<Self, DemoError> {
        let client_id = format!("{tenant}-operator");
        let filters = topics.operator_filters(None);
        let (uplink, downlink) =
            connect("the operator", client_id, endpoint, filters, traffic).await?;
        let chains = devices
            .iter()
            .map(|known| ReceiptChain::new(tenant, known.id.clone()))
            .collect();
        let numbers = devices
            .iter()
            .enumerate()
            .map(|(number, known)| (known.id.to_string(), number))
            .collect();
        let keys = devices.into_iter().map(|known| known.key).collect();
        let listener = Listener {
            topics: topics.clone(),
            evidence,
            numbers,
            keys,
            chains,
        };
        tokio::spawn(listener.run(downlink));
        Ok(Self {
            uplink,
            topics: topics.clone(),
        })
    }

    /// Publishes a code for many devices, and tells when it left.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn publish_code(&self, code: &Statement) -> Result<Instant, DemoError> {
        let publication = Publication::new(self.topics.code(code.id()), code.bytes())
            .retain(true)
            .expiring(CODE_EXPIRY_S);
        let left = Instant::now();
        self.uplink.publish(publication).await?;
        Ok(left)
    }

    /// Publishes a release manifest.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn publish_manifest(&self, manifest: &Statement) -> Result<(), DemoError> {
        let publication =
            Publication::new(self.topics.release(manifest.id()), manifest.bytes()).retain(true);
        self.uplink.publish(publication).await
    }

    /// Deletes what the broker keeps of this run.
    ///
    /// # Errors
    /// [`DemoError::Publish`].
    pub(crate) async fn forget(&self, traffic: &Traffic) -> Result<(), DemoError> {
        for topic in traffic.retained() {
            // An empty retained message deletes the one before it (MQTT 5, 3.3.1.3).
            self.uplink
                .publish(Publication::new(topic, Vec::new()).retain(true))
                .await?;
        }
        Ok(())
    }

    /// Ends the session.
    pub(crate) async fn disconnect(&self) {
        self.uplink.disconnect().await;
    }
}

/// Takes what arrives for the operator.
struct Listener {
    topics: Topics,
    evidence: Arc<Evidence>,
    numbers: BTreeMap<String, usize>,
    keys: Vec<PublicKey>,
    chains: Vec<ReceiptChain>,
}

impl Listener {
    async fn run(mut self, mut downlink: Downlink) {
        while let Some(event) = downlink.next().await {
            match event {
                // What is retained and was deleted arrives once more, empty.
                Event::Message(message) if !message.payload.is_empty() => self.take(message),
                Event::Overflowed { dropped } => {
                    self.evidence.problem(format!(
                        "{dropped} receipts arrived faster than they were verified"
                    ));
                }
                _ => {}
            }
        }
    }

    fn take(&mut self, message: Message) {
        let Some(Topic::Device(name, topic)) = self.topics.parse(&message.topic) else {
            return;
        };
        let Some(&number) = self.numbers.get(name.as_str()) else {
            self.evidence
                .problem(format!("{name} was never enrolled, and publishes"));
            return;
        };
        let taken = match topic {
            DeviceTopic::Receipt => self.take_receipt(number, message.payload),
            DeviceTopic::State => self.take_state(number, message.payload),
            DeviceTopic::Code | DeviceTopic::Want | DeviceTopic::Page => Ok(()),
        };
        if let Err(problem) = taken {
            self.evidence.problem(format!("{name}: {problem}"));
        }
    }

    fn take_receipt(&mut self, number: usize, bytes: Vec<u8>) -> Result<(), String> {
        let at = Instant::now();
        let signed = SignedReceipt::verify(bytes.clone(), &self.keys[number])
            .map_err(|error| error.to_string())?;
        self.chains[number]
            .push(&signed)
            .map_err(|error| error.to_string())?;
        let receipt = signed.receipt().clone();
        self.evidence.record(number, |record| {
            record.receipts.push(Seen { at, bytes, receipt });
        });
        Ok(())
    }

    fn take_state(&self, number: usize, bytes: Vec<u8>) -> Result<(), String> {
        let state =
            DeviceState::verify(bytes, &self.keys[number]).map_err(|error| error.to_string())?;
        self.evidence
            .record(number, |record| record.state = Some(state));
        Ok(())
    }
}
