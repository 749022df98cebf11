//! Serves the pages of images to devices that ask for them, where possible on the topic that all
//! devices of an image share: fifty devices cost the sender what one does.

mod wanted;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use latch_mqtt::{
    DeviceTopic, Endpoint, Event, Message, PageServer, Publication, Topic, Topics, Want,
};
use latch_verify::types::{StatementId, TenantId};
use tokio::{sync::mpsc, time::sleep_until};

use crate::{
    connection::{Downlink, Uplink, connect},
    error::DemoError,
    evidence::Evidence,
    traffic::Traffic,
};
use wanted::{To, Wanted};

/// Releases that may wait to be taken up; the demo serves two.
const SERVERS: usize = 8;

/// The holder of images.
pub(crate) struct PageService {
    servers: mpsc::Sender<PageServer>,
}

impl PageService {
    /// Connects. Wants for releases that are not served yet are remembered, and answered when
    /// they are.
    ///
    /// # Errors
    /// As [`connect`].
    pub(crate) async fn start(
        endpoint: &Endpoint,
        topics: &Topics,
        tenant: TenantId,
        evidence: Arc<Evidence>,
        traffic: Arc<Traffic>,
    ) -> Result<Self, DemoError> {
        let (client_id, filters) = (format!("{tenant}-pages"), topics.page_server_filters());
        let (uplink, downlink) = connect(
            "the page server",
            client_id,
            endpoint,
            filters,
            Arc::clone(&traffic),
        )
        .await?;
        let (servers, arriving) = mpsc::channel(SERVERS);
        let serving = Serving {
            uplink,
            topics: topics.clone(),
            evidence,
            traffic,
            images: BTreeMap::new(),
            wanted: Wanted::default(),
        };
        tokio::spawn(serving.run(downlink, arriving));
        Ok(Self { servers })
    }

    /// Serves a release from now on.
    pub(crate) async fn serve(&self, image: PageServer) {
        // Its task ends only with this handle.
        let _served = self.servers.send(image).await;
    }
}

struct Serving {
    uplink: Uplink,
    topics: Topics,
    evidence: Arc<Evidence>,
    traffic: Arc<Traffic>,
    images: BTreeMap<StatementId, PageServer>,
    wanted: Wanted,
}

impl Serving {
    async fn run(mut self, mut downlink: Downlink, mut arriving: mpsc::Receiver<PageServer>) {
        loop {
            let due = self
                .wanted
                .due(|release| self.images.contains_key(&release));
            let sleep = sleep_until(due.unwrap_or_else(Instant::now).into());
            tokio::select! {
                event = downlink.next() => match event {
                    Some(Event::Message(message)) => self.note(&message),
                    Some(_) => {}
                    None => return,
                },
                server = arriving.recv() => match server {
                    Some(server) => drop(self.images.insert(server.manifest(), server)),
                    None => break,
                },
                () = sleep, if due.is_some() => self.answer().await,
            }
        }
        self.uplink.disconnect().await;
    }

    fn note(&mut self, message: &Message) {
        let Some(Topic::Device(device, DeviceTopic::Want)) = self.topics.parse(&message.topic)
        else {
            return;
        };
        if let Ok(want) = Want::parse(&message.payload) {
            self.wanted.ask(Instant::now(), device, &want);
        }
    }

    async fn answer(&mut self) {
        let images = &self.images;
        for ((release, index), to) in self
            .wanted
            .take(Instant::now(), |release| images.contains_key(&release))
        {
            let Some(image) = images.get(&release) else {
                continue;
            };
            let Some(page) = image.page(index) else {
                continue;
            };
            let topics = match to {
                To::All => vec![self.topics.page(image.root(), index)],
                To::Each(devices) => devices
                    .iter()
                    .map(|device| self.topics.device_page(device))
                    .collect(),
            };
            for topic in topics {
                self.traffic.page();
                if let Err(error) = self
                    .uplink
                    .send(Publication::new(topic, page.clone()))
                    .await
                {
                    self.evidence.problem(format!("the page server: {error}"));
                }
            }
        }
    }
}
