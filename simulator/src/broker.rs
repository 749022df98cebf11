//! An MQTT 5 broker inside this process, for runs that are given none.
//!
//! The one file that imports the broker library: it is young and of one author, and can be
//! replaced here. It lets everybody in and listens on the loopback address only.

use std::net::{Ipv4Addr, SocketAddr};

use mqtt5::broker::{
    BrokerConfig, BrokerShutdownHandle, MqttBroker, StorageBackendType, StorageConfig,
};
use tokio::task::JoinHandle;

/// Largest packet that the broker takes: sessions send at most half of this.
const PACKET_MAX_BYTES: usize = 2 * latch_mqtt::PACKET_MAX_BYTES as usize;

/// Connections beyond the devices: operator, page server, relay, and room to look in.
const SPARE_CONNECTIONS: usize = 16;

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It could not start.
    #[error(
        "the broker inside this process did not start: {0}. Give one with --broker mqtt://HOST:PORT"
    )]
    Start(String),
}

/// A broker that runs until it is dropped.
pub(crate) struct Broker {
    address: SocketAddr,
    shutdown: BrokerShutdownHandle,
    running: JoinHandle<()>,
}

impl Broker {
    /// Starts a broker on a free port of the loopback address.
    ///
    /// # Errors
    /// [`BrokerError::Start`].
    pub(crate) async fn start(devices: usize) -> Result<Self, BrokerError> {
        let failed = |error: mqtt5::MqttError| BrokerError::Start(error.to_string());
        // Without persistence this broker forgets sessions and message expiry; the memory
        // backend keeps both and writes no file.
        let storage = StorageConfig::default()
            .with_backend(StorageBackendType::Memory)
            .with_persistence(true);
        let mut config = BrokerConfig::default()
            .with_bind_address((Ipv4Addr::LOCALHOST, 0))
            .with_max_clients(devices.saturating_add(SPARE_CONNECTIONS))
            .with_max_packet_size(PACKET_MAX_BYTES)
            .with_storage(storage);
        config.sys_topics_enabled = false;
        let mut broker = MqttBroker::with_config(config).await.map_err(failed)?;
        let address = broker
            .local_addr()
            .ok_or_else(|| BrokerError::Start("it has no address".to_owned()))?;
        let mut ready = broker.ready_receiver();
        let shutdown = broker.shutdown_handle();
        let running = tokio::spawn(async move {
            // It ends by being told to; a broker that ends early shows as lost connections.
            let _ended = broker.run().await;
        });
        ready
            .wait_for(|ready| *ready)
            .await
            .map_err(|_| BrokerError::Start("it ended at once".to_owned()))?;
        Ok(Self {
            address,
            shutdown,
            running,
        })
    }

    /// Where clients find it.
    pub(crate) fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.shutdown.shutdown();
        self.running.abort();
    }
}
