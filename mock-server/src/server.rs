//! Listeners in, a running server out. It drains when told to, and stops when dropped.

mod listen;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::admin::{Access, name_of};
use crate::app::{App, Role, Service};
use crate::config::{Config, LimitsSection};
use crate::connection;
use crate::directory::{Directory, InvalidWorld};
use crate::entropy;
use crate::sandbox::{InvalidSandbox, Sandbox};

/// How long a drain may take before connections are cut: the promise is one second in all.
const DRAIN: Duration = Duration::from_millis(800);

/// A server that answers.
#[derive(Debug)]
pub struct RunningServer {
    base_url: String,
    admin_url: String,
    addresses: Vec<SocketAddr>,
    sandbox: Arc<Sandbox>,
    tasks: TaskTracker,
    drain: CancellationToken,
    // Dropping the server without a word stops it too.
    _stop: DropGuard,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The embedded world is broken.
    #[error("world: {0}")]
    World(#[from] InvalidWorld),
    /// The configuration asks for something impossible.
    #[error(transparent)]
    Sandbox(#[from] InvalidSandbox),
    /// The address is in use, or not ours.
    #[error("cannot listen on {address}: {cause}{}", way_out(.cause))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        cause: io::Error,
    },
    /// The admin API would be open to the network.
    #[error(
        "{0} is not a loopback address: give --admin-token (MOCK_SERVER_ADMIN_TOKEN), or --admin-port (MOCK_SERVER_ADMIN_PORT) to keep the admin API on loopback"
    )]
    Exposed(std::net::IpAddr),
    /// The admin token is there, and empty.
    #[error("the admin token is empty; leave it out, or give one")]
    EmptyAdminToken,
    /// A name that no `Host` can have.
    #[error("{0:?} is not a host name; write it like mock.test")]
    AllowHost(String),
    /// No address was given.
    #[error("there is no address to listen on; give --host")]
    NoHost,
    /// The public URL cannot be used.
    #[error("{0:?} is not a base URL; write it like http://mock.test:8080")]
    PublicUrl(String),
    /// The operating system gives no randomness.
    #[error("no randomness for the name of this run: {0}")]
    Run(String),
}

fn way_out(cause: &io::Error) -> &'static str {
    if cause.kind() == io::ErrorKind::AddrInUse {
        "; is another server running? Choose another port with --port, or any free one with --port 0"
    } else {
        ""
    }
}

// === impl RunningServer ===

impl RunningServer {
    /// Starts a server on the default world.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let directory = Arc::new(Directory::default_world()?);
        let run = match &config.entropy.run {
            Some(run) => run.clone(),
            None => entropy::fresh_run().map_err(|error| StartError::Run(error.to_string()))?,
        };
        let server = &config.server;
        if let Some(exposed) = server.hosts.iter().find(|host| !host.is_loopback())
            && server.admin_token.is_none()
            && server.admin_port.is_none()
        {
            return Err(StartError::Exposed(*exposed));
        }
        if server.admin_token.as_ref().is_some_and(|token| token.expose_secret().is_empty()) {
            return Err(StartError::EmptyAdminToken);
        }
        if let Some(wrong) = server.allow_hosts.iter().find(|host| host.is_empty() || host.contains(['/', ' ', '@'])) {
            return Err(StartError::AllowHost(wrong.clone()));
        }
        let sandbox = Arc::new(Sandbox::new("default", &config, &run, directory)?);
        let listeners = listen::bind(&server.hosts, server.port).await?;
        let addresses: Vec<SocketAddr> = listeners.iter().map(|(_, address)| *address).collect();
        let first = *addresses.first().ok_or(StartError::NoHost)?;
        let admin_listener = match server.admin_port {
            Some(port) => Some(listen::bind_admin(port).await?),
            None => None,
        };
        let base_url = listen::base_url(server.public_url.as_deref(), first)?;
        let admin_url = match &admin_listener {
            Some((_, address)) => format!("http://{address}/__admin"),
            None => format!("{base_url}/__admin"),
        };
        let mut hosts: Vec<String> = server.allow_hosts.iter().map(|host| name_of(host).to_owned()).collect();
        hosts.extend(server.public_url.as_ref().map(|_| listen::host_of(&base_url).to_owned()));

        let app = Arc::new(App {
            sandbox: Arc::clone(&sandbox),
            limits: config.limits.clone(),
            explain: server.explain,
            access: Access { token: server.admin_token.clone(), hosts },
        });
        let tasks = TaskTracker::new();
        let drain = CancellationToken::new();
        let places = Arc::new(Semaphore::new(config.limits.connections.get().min(Semaphore::MAX_PERMITS)));
        let role = if admin_listener.is_some() { Role::Vendors } else { Role::Both };
        let accept = |listener, role| {
            let service = Service::new(Arc::clone(&app), role);
            let acceptor = Acceptor {
                listener,
                service,
                limits: config.limits.clone(),
                places: Arc::clone(&places),
                tasks: tasks.clone(),
                drain: drain.clone(),
            };
            tasks.spawn(acceptor.run());
        };
        for (listener, _) in listeners {
            accept(listener, role);
        }
        if let Some((listener, _)) = admin_listener {
            accept(listener, Role::Admin);
        }
        let stop = drain.clone().drop_guard();
        Ok(Self { base_url, admin_url, addresses, sandbox, tasks, drain, _stop: stop })
    }

    /// Base URL of both vendors, without a version segment.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Base URL of the admin API.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Its sandbox, for tests in the same process.
    pub fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// Stops accepting, lets what is under way finish, and cuts what does not.
    pub async fn shutdown(self) {
        self.drain.cancel();
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!("connections cut while draining: {}", self.tasks.len());
        }
    }
}

struct Acceptor {
    listener: TcpListener,
    service: Service,
    limits: LimitsSection,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    drain: CancellationToken,
}

// === impl Acceptor ===

impl Acceptor {
    async fn run(self) {
        /// After an error such as "too many open files": not at once, or the loop burns a core.
        const PAUSE: Duration = Duration::from_millis(50);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = self.drain.cancelled() => return,
            };
            match accepted {
                Ok((stream, _)) => self.take(stream),
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep_until(tokio::time::Instant::now() + PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::warn!("a connection beyond limits.connections = {} was refused", self.limits.connections);
            self.tasks.spawn(connection::refuse(stream));
            return;
        };
        let (service, limits, drain) = (self.service.clone(), self.limits.clone(), self.drain.clone());
        self.tasks.spawn(async move {
            connection::serve(stream, service, &limits, drain).await;
            drop(place);
        });
    }
}
