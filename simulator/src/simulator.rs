//! The handle that a test holds: starts the server, sets what it does, asks what it saw.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;

use crate::background::Background;
use crate::connection;
use crate::faults::Fault;
use crate::keys::{ApiKey, KeyStore};
use crate::material::tls::ServerIdentity;
use crate::routes;
use crate::seen::SeenRequest;
use crate::state::{App, BurstLimit, Observer, RateLimit, Reports, Shared, TeamState};

/// A running App Store Connect on loopback; it stops when dropped.
pub struct Simulator {
    address: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    _background: Background,
}

/// How a simulator is to start.
#[derive(Default)]
pub struct Builder {
    port: u16,
    tls: Option<TlsAcceptor>,
    observer: Option<Observer>,
}

impl Builder {
    /// This port instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// https with this identity, which should be for `localhost`.
    #[must_use]
    pub fn tls(mut self, identity: &ServerIdentity) -> Self {
        self.tls = Some(identity.server_config().into());
        self
    }

    /// Calls `observer` with every request as it is answered, on the server's thread.
    #[must_use]
    pub fn on_request(mut self, observer: impl Fn(&SeenRequest) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Starts. Fails when the port is taken.
    pub fn start(self) -> io::Result<Simulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        let address = listener.local_addr()?;
        let url = match self.tls {
            None => format!("http://{address}"),
            Some(_) => format!("https://localhost:{}", address.port()),
        };
        let shared = Arc::new(Shared::new(url, KeyStore::default(), self.observer));
        let router = routes::router(Arc::clone(&shared));
        let tls = self.tls;
        let background = Background::serve(listener, move |stream| {
            connection::serve(stream, tls.clone(), router.clone())
        })?;
        Ok(Simulator {
            address,
            shared,
            _background: background,
        })
    }
}

impl Simulator {
    /// Starts over http on a free port.
    pub fn start() -> Self {
        Self::builder().start().expect("loopback has a free port")
    }

    /// Starts over https on a free port, with an identity for `localhost`.
    pub fn start_tls(identity: &ServerIdentity) -> Self {
        Self::builder().tls(identity).start().expect("loopback has a free port")
    }

    /// For a fixed port or an observer.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The API root: `http://127.0.0.1:PORT`, or `https://localhost:PORT` with TLS.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The keys it knows; a handle on the same store.
    pub fn keys(&self) -> KeyStore {
        self.shared.keys.clone()
    }

    /// Makes a key known, in place of any earlier one of the same ID.
    pub fn register(&self, key: ApiKey) {
        self.shared.keys.register(key);
    }

    /// Revokes a key, which must be known.
    pub fn revoke(&self, key_id: &str) {
        assert!(self.shared.keys.revoke(key_id), "no key {key_id} to revoke");
    }

    /// The team's apps, in place of the one example.
    pub fn set_apps(&self, apps: impl IntoIterator<Item = App>) {
        let apps = apps.into_iter().collect();
        self.shared.with(|settings| settings.apps = apps);
    }

    /// The team's vendor number, in place of `85123456`, and whether it has reports to download.
    pub fn set_reports(&self, vendor_number: &str, any: bool) {
        self.shared.with(|settings| {
            settings.reports = Reports {
                vendor_number: vendor_number.to_owned(),
                any,
            };
        });
    }

    /// Sets the server's clock so many seconds ahead of the system's, or behind: for the rules
    /// about tokens and for `Date`.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.shared.with(|settings| settings.clock_offset = seconds);
    }

    /// The audience that tokens must have, for the Enterprise Program.
    pub fn set_audience(&self, audience: &str) {
        self.shared.with(|settings| audience.clone_into(&mut settings.audience));
    }

    /// The hourly limit and how many requests of it are left. Every accepted request takes one,
    /// and its answer tells what is left after it; at none left the answer is 429.
    pub fn set_rate_limit(&self, limit: u64, remaining: u64) {
        self.shared.with(|settings| {
            settings.rate_limit = RateLimit {
                limit,
                remaining,
                ..settings.rate_limit
            };
        });
    }

    /// How many requests of good tokens are let through in any second. Those beyond are answered with 429, with
    /// `Retry-After` in seconds or without, and take nothing from the hourly limit.
    pub fn set_burst_limit(&self, requests: usize, retry_after: Option<u64>) {
        let burst = BurstLimit {
            requests,
            retry_after,
            recent: VecDeque::new(),
        };
        self.shared.with(|settings| settings.burst_limit = Some(burst));
    }

    /// Leaves `X-Rate-Limit` out, as Apple sometimes does. The limit still counts.
    pub fn hide_rate_limit(&self) {
        self.shared.with(|settings| settings.rate_limit.shown = false);
    }

    /// Whether the team may use the API.
    pub fn set_team_state(&self, state: TeamState) {
        self.shared.with(|settings| settings.team = state);
    }

    /// Queues a fault: the next request gets the first one queued, the one after it the second.
    pub fn fail_next(&self, fault: Fault) {
        self.shared.faults.queue(fault);
    }

    /// A fault for every request that finds none queued.
    pub fn fail_always(&self, fault: Fault) {
        self.shared.faults.always(fault);
    }

    /// A fault for every request to this path that finds none queued.
    pub fn fail_at(&self, path: &str, fault: Fault) {
        self.shared.faults.at(path, fault);
    }

    /// Holds every answer back until so many requests wait for theirs at the same time; after that, none. A client that
    /// makes them one after the other meets its own time-out.
    pub fn answer_together(&self, requests: usize) {
        self.shared.meeting.call(requests);
    }

    /// The most requests that were waiting for their answers at the same time.
    pub fn most_at_once(&self) -> usize {
        self.shared.meeting.most()
    }

    /// Forgets all faults, queued and standing.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Every request so far, oldest first (the last 10,000).
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shared.seen.all()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Simulator")
            .field("url", &self.shared.url)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Builder")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
