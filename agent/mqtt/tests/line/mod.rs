//! A line to a broker that can be cut, and that shows when it is not used.
#![allow(dead_code, reason = "each test file uses its part")]

use latch_mqtt::Endpoint;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::client::HANG;

/// Carries connections until it is cut; later ones are carried again.
pub(crate) struct Line {
    port: u16,
    cuts: watch::Sender<u64>,
    open: watch::Sender<usize>,
}

impl Line {
    /// A line to this loopback port.
    pub(crate) async fn to(broker_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        let (cuts, open) = (watch::Sender::new(0), watch::Sender::new(0));
        let line = Self {
            port,
            cuts: cuts.clone(),
            open: open.clone(),
        };
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                open.send_modify(|open| *open += 1);
                let (open, mut cut) = (open.clone(), cuts.subscribe());
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(("127.0.0.1", broker_port)).await {
                        tokio::select! {
                            _ = copy_bidirectional(&mut near, &mut far) => {}
                            _ = cut.changed() => {}
                        }
                    }
                    drop(near);
                    open.send_modify(|open| *open -= 1);
                });
            }
        });
        line
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&format!("mqtt://127.0.0.1:{}", self.port)).expect("a fine address")
    }

    /// Breaks all connections.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Waits until there is no connection.
    pub(crate) async fn idle(&self) {
        let mut open = self.open.subscribe();
        let none = open.wait_for(|open| *open == 0);
        timeout(HANG, none)
            .await
            .expect("a connection stays")
            .expect("the line stands");
    }
}
