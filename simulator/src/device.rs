//! One virtual device: the production agent core and verifier, on a connection of its own.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use latch_agent::{Core, Effect, Event, Hook, Notice};
use latch_mqtt::{self as mqtt, Endpoint, Message, Options, Publication, Session, Topics};
use latch_verify::{
    Refusal,
    device::{Clock as _, Device, provision},
    statement::Junk,
    twin::Tree,
    types::{DeviceId, StatementId, Version},
    wire::{DeviceKey as _, PublicKey, SeedKey},
};
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::sleep,
};

use crate::{
    connection::Uplink,
    error::DemoError,
    evidence::Evidence,
    platform::{HostClock, ProbedFlash, Virtual, parts},
    seed::Seed,
    tenant::Tenant,
    traffic::Traffic,
};

/// What a device is when it is looked into from outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    /// Its twin.
    pub(crate) twin: Value,
    /// The twin's version.
    pub(crate) twin_version: u64,
    /// The running version.
    pub(crate) version: Version,
    /// The manifest of the running image.
    pub(crate) manifest: StatementId,
    /// The slot that it runs from.
    pub(crate) slot: usize,
    /// What it counted since its last boot.
    pub(crate) junk: Junk,
}

/// A device of the fleet, seen from outside.
pub(crate) struct VirtualDevice {
    /// Its name.
    pub(crate) id: DeviceId,
    slots: [ProbedFlash; 2],
    looks: mpsc::Sender<oneshot::Sender<Snapshot>>,
    task: JoinHandle<()>,
}

/// What all devices of a fleet share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) endpoint: Endpoint,
    pub(crate) topics: Topics,
    pub(crate) evidence: Arc<Evidence>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) clock: HostClock,
    pub(crate) slot_size: usize,
}

/// The seed of a device's key.
fn key_seed(seed: Seed, name: &str) -> [u8; 32] {
    seed.bytes(&format!("device key {name}"))
}

/// The public key of a device, which its enrolment names.
///
/// # Errors
/// [`DemoError::Device`], which no seed is known to cause.
pub(crate) fn public_key(seed: Seed, name: &str) -> Result<PublicKey, DemoError> {
    let failed = |refusal: Refusal| DemoError::Device {
        device: name.to_owned(),
        cause: refusal.into(),
    };
    PublicKey::new(SeedKey::new(&key_seed(seed, name)).public()).map_err(failed)
}

impl VirtualDevice {
    /// Makes a device's key, enrols and provisions it, and connects it. `number` is its place in
    /// the evidence.
    ///
    /// # Errors
    /// [`DemoError::Device`], [`DemoError::Session`], what the issuer refuses.
    pub(crate) fn start(
        number: usize,
        id: DeviceId,
        factory: Version,
        tenant: &Tenant,
        seed: Seed,
        around: &Surroundings,
    ) -> Result<Self, DemoError> {
        let key_seed = key_seed(seed, id.as_str());
        let bundle = tenant.enrol(&id, &key_seed)?;
        let failed = |cause| DemoError::Device {
            device: id.to_string(),
            cause,
        };
        let (parts, slots) = parts(seed, id.as_str(), &key_seed, around.slot_size, around.clock);
        let device: Device<Virtual> = provision(
            parts,
            bundle.root().bytes(),
            bundle.enrolment().bytes(),
            factory,
        )
        .map_err(failed)?;
        let core = Core::new(device, around.topics.clone(), around.clock.ticks_ms());
        // The client id is taken once on a broker, as the tenant's name in the topics is.
        let client_id = around.topics.device_state(&id).replace('/', "-");
        let (publisher, events) = Session::start(Options::new(around.endpoint.clone(), client_id))?;
        let (looks, asked) = mpsc::channel(1);
        let uplink = Uplink::new(publisher, Arc::clone(&around.traffic));
        let unheard = around.topics.agent_filters(&id).into_iter().collect();
        let running = Running {
            number,
            core,
            uplink,
            around: around.clone(),
            unheard,
        };
        let task = tokio::spawn(running.run(events, asked));
        Ok(Self {
            id,
            slots,
            looks,
            task,
        })
    }

    /// Asks for a look into the device; the answer comes when it has done what it does now.
    ///
    /// # Errors
    /// [`DemoError::DeviceGone`].
    pub(crate) async fn ask(&self) -> Result<oneshot::Receiver<Snapshot>, DemoError> {
        let (reply, answer) = oneshot::channel();
        self.looks.send(reply).await.map_err(|_| self.gone())?;
        Ok(answer)
    }

    /// It ended, or is shut.
    pub(crate) fn gone(&self) -> DemoError {
        DemoError::DeviceGone {
            device: self.id.to_string(),
        }
    }

    /// Tells the device to end, and returns its task.
    pub(crate) fn end(self) -> JoinHandle<()> {
        self.task
    }

    /// Whether these bytes lie in a slot, read by the probe on the chip.
    pub(crate) fn slot_begins_with(&self, slot: usize, bytes: &[u8]) -> bool {
        self.slots
            .get(slot)
            .is_some_and(|flash| flash.begins_with(bytes))
    }
}

/// A device's task.
struct Running {
    number: usize,
    core: Core<Virtual>,
    uplink: Uplink,
    around: Surroundings,
    /// Filters that the broker has not accepted yet.
    unheard: BTreeSet<String>,
}

impl Running {
    /// Runs until nobody looks any more, then says goodbye.
    async fn run(
        mut self,
        mut events: mqtt::EventReceiver,
        mut asked: mpsc::Receiver<oneshot::Sender<Snapshot>>,
    ) {
        loop {
            let wake = self
                .core
                .wake_at_ms()
                .map(|at_ms| Duration::from_millis(at_ms.saturating_sub(self.now_ms())));
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.arrived(event).await,
                    None => break,
                },
                () = sleep(wake.unwrap_or_default()), if wake.is_some() => self.take(Event::Tick).await,
                reply = asked.recv() => match reply {
                    // Who asked may have gone meanwhile; then nobody wants to know.
                    Some(reply) => drop(self.snapshot().map(|snapshot| reply.send(snapshot))),
                    None => break,
                },
            }
        }
        self.uplink.disconnect().await;
    }

    fn now_ms(&self) -> u64 {
        self.around.clock.ticks_ms()
    }

    async fn arrived(&mut self, event: mqtt::Event) {
        match event {
            mqtt::Event::Connected { session_present } => {
                self.take(Event::Connected { session_present }).await;
            }
            mqtt::Event::Disconnected { .. } => self.take(Event::Disconnected).await,
            mqtt::Event::Message(Message { topic, payload, .. }) => {
                self.around.traffic.received(&payload);
                self.take(Event::Message {
                    topic: &topic,
                    payload: &payload,
                })
                .await;
            }
            mqtt::Event::Subscribed { filters } => {
                filters
                    .iter()
                    .for_each(|filter| drop(self.unheard.take(filter)));
                let listens = self.unheard.is_empty();
                self.around
                    .evidence
                    .record(self.number, |record| record.listens = listens);
            }
            mqtt::Event::SubscriptionRefused { filter, reason } => {
                self.problem(&format!("the broker refused {filter}: {reason}"));
            }
            mqtt::Event::Overflowed { dropped } => {
                self.problem(&format!(
                    "{dropped} messages arrived faster than it took them"
                ));
            }
        }
    }

    /// Gives the core an event and does what it asks, hooks with it.
    async fn take(&mut self, event: Event<'_>) {
        let now_ms = self.now_ms();
        let mut effects: VecDeque<Effect> = self.core.handle(now_ms, event).into();
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Subscribe(filter) => self.subscribe(filter),
                Effect::Unsubscribe(filter) => self.uplink.publisher().unsubscribe([filter]),
                Effect::Publish {
                    topic,
                    payload,
                    retain,
                    expiry_s,
                } => {
                    self.publish(Publication {
                        topic,
                        payload,
                        retain,
                        expiry_s,
                    })
                    .await;
                }
                Effect::Run(hook) => {
                    self.carry_out(&hook);
                    let now_ms = self.now_ms();
                    effects.extend(self.core.handle(now_ms, Event::Done(Ok(()))));
                }
                Effect::Shut(_) => {
                    let now_ms = self.now_ms();
                    effects.extend(self.core.handle(now_ms, Event::Shut(Ok(()))));
                }
                Effect::Notice(notice) => self.note(&notice),
            }
        }
    }

    fn subscribe(&self, filter: String) {
        if let Err(error) = self.uplink.publisher().subscribe([filter]) {
            self.problem(&error.to_string());
        }
    }

    async fn publish(&self, publication: Publication) {
        if let Err(error) = self.uplink.send(publication).await {
            self.problem(&error.to_string());
        }
    }

    /// A virtual device has nothing to switch: it is noted that it would have.
    fn carry_out(&self, hook: &Hook) {
        if let Hook::Twin { statement, .. } = hook {
            self.around
                .evidence
                .record(self.number, |record| record.effects.push(*statement));
        }
    }

    fn note(&self, notice: &Notice) {
        match notice {
            Notice::Ignored { refusal } | Notice::PageRefused { refusal } => {
                self.around
                    .evidence
                    .record(self.number, |record| record.refusals.push(*refusal));
            }
            Notice::PageKept { .. } | Notice::ImageComplete { .. } => {
                self.around
                    .evidence
                    .record(self.number, |record| record.pages += 1);
            }
            Notice::QueueFull
            | Notice::HookFailed { .. }
            | Notice::ManifestMissing { .. }
            | Notice::Reverted { .. }
            | Notice::Fault { .. }
            | Notice::Shut { .. } => self.problem(&format!("{notice:?}")),
            _ => {}
        }
    }

    fn problem(&self, what: &str) {
        let evidence = &self.around.evidence;
        evidence.problem(format!("{}: {what}", evidence.name(self.number)));
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let device = self.core.device()?;
        let running = device.running();
        Some(Snapshot {
            twin: serde_json::to_value(Tree::new(device.twin())).ok()?,
            twin_version: device.status().twin_version,
            version: running.version,
            manifest: running.manifest,
            slot: usize::from(running.slot),
            junk: device.junk(),
        })
    }
}
