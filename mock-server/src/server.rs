//! Listeners in, a running server out. It drains when told to, and stops when dropped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::admin::Access;
use crate::app::{App, Door, Role, Service};
use crate::config::{Config, TlsSection};
use crate::connection::{Gatekeeping, Terms, TlsTerms};
use crate::directory::{Directory, WorldError};
use crate::edge::Edge;
use crate::entropy;
use crate::fault::RuleView;
use crate::listener::{self, Acceptor, Authority, Bound, InvalidTls, Plumbing, Settled, Tls, TlsSpec, Unbound};
use crate::sandbox::{InvalidSandbox, Registry, Sandbox};
use crate::url::{self, Urls};

/// How long a drain may take before connections are cut: the promise is one second in all.
const DRAIN: Duration = Duration::from_millis(800);

/// A server that answers.
#[derive(Debug)]
pub struct RunningServer {
    base_url: String,
    admin_url: String,
    addresses: Vec<SocketAddr>,
    sandbox: Arc<Sandbox>,
    app: Arc<App>,
    plumbing: Plumbing,
    // Dropping the server without a word stops it too.
    _stop: DropGuard,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The world that the configuration names cannot be used.
    #[error(transparent)]
    World(#[from] WorldError),
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
    /// Files are to come from where there is no folder.
    #[error("{} is no folder; --files takes the one that fault rules may answer from", .0.display())]
    Files(PathBuf),
    /// No address was given.
    #[error("there is no address to listen on; give --host")]
    NoHost,
    /// A file of TLS cannot be read or written.
    #[error("server.tls: {}: {cause}", .path.display())]
    TlsFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Certificate, key or names cannot be used.
    #[error("server.{0}")]
    Tls(String),
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
    /// Starts a server on the world that the configuration names: the one that ships, unless it says otherwise.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let directory = config.directory()?;
        Self::start_in(config, Arc::new(directory)).await
    }

    /// Starts a server on a world that is there already, whatever the configuration names.
    #[expect(clippy::unused_async, reason = "it only works inside a runtime")]
    pub async fn start_in(config: Config, directory: Arc<Directory>) -> Result<Self, StartError> {
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
        if let Some(files) = server.files.as_ref().filter(|files| !files.is_dir()) {
            return Err(StartError::Files(files.clone()));
        }
        let sandboxes = Registry::new(&config, run, directory)?;
        let sandbox = Arc::clone(sandboxes.default());
        let authority = Authority::default();
        let tls = server.tls.as_ref().map(|section| tls(section, &authority, &sandbox, server.http2)).transpose()?;
        let (tls, ca_pem) = tls.unzip();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let listeners = listener::bind(&server.hosts, server.port)?;
        let addresses: Vec<SocketAddr> = listeners.iter().map(|(_, address)| *address).collect();
        let first = *addresses.first().ok_or(StartError::NoHost)?;
        let admin_listener = match server.admin_port {
            Some(port) => listener::bind(&[Ipv4Addr::LOCALHOST.into()], port)?,
            None => Vec::new(),
        };
        let public = server.public_url.as_deref();
        let base_url = url::base_url(public, scheme, first)
            .map_err(|_| StartError::PublicUrl(public.unwrap_or_default().to_owned()))?;
        let admin_url = match admin_listener.first() {
            Some((_, address)) => format!("http://{address}/__admin"),
            None => format!("{base_url}/__admin"),
        };
        let mut hosts: Vec<String> = server.allow_hosts.iter().map(|host| url::name_of(host).to_owned()).collect();
        hosts.extend(server.public_url.as_ref().map(|_| url::host_of(&base_url).to_owned()));

        let plumbing = Plumbing {
            tasks: TaskTracker::new(),
            drain: CancellationToken::new(),
            places: Arc::new(Semaphore::new(config.limits.connections.get().min(Semaphore::MAX_PERMITS))),
            hosts: server.hosts.clone(),
        };
        // Only a server that got its port has anything to say of whom to trust.
        let ca_file = server.tls.as_ref().and_then(|section| section.ca_file.as_ref());
        if let (Some(path), Some(Some(pem))) = (ca_file, ca_pem) {
            std::fs::write(path, pem).map_err(|cause| StartError::TlsFile { path: path.clone(), cause })?;
        }
        let is_shared = admin_listener.is_empty();
        let app = Arc::new(App {
            taps: sandboxes.taps(),
            sandboxes,
            limits: config.limits.clone(),
            explain: server.explain,
            access: Access { token: server.admin_token.clone(), hosts },
            edge: Edge::of(server),
            urls: Urls { base: base_url.clone(), scheme, is_public: public.is_some(), is_shared },
            plumbing: plumbing.clone(),
            authority,
        });
        let role = if is_shared { Role::Both } else { Role::Vendors };
        for bound in listeners {
            serve(&app, bound, role, tls.clone(), server.http2);
        }
        for bound in admin_listener {
            serve(&app, bound, Role::Admin, None, false);
        }
        plumbing.tasks.spawn(sweep(Arc::clone(&app)));
        let stop = plumbing.drain.clone().drop_guard();
        Ok(Self { base_url, admin_url, addresses, sandbox, app, plumbing, _stop: stop })
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

    /// Rules of all sandboxes that must fire and have not, each with the sandbox that it belongs to.
    pub fn unfired_rules(&self) -> Vec<(String, RuleView)> {
        let of = |sandbox: &Arc<Sandbox>| {
            let id = sandbox.id.to_string();
            sandbox.faults.unfired(sandbox.clock.now()).into_iter().map(move |rule| (id.clone(), rule))
        };
        self.app.sandboxes.all().iter().flat_map(of).collect()
    }

    /// The sandbox `default`, for tests in the same process.
    pub fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// A sandbox by its name, for tests in the same process.
    pub fn sandbox_named(&self, id: &str) -> Option<Arc<Sandbox>> {
        self.app.sandboxes.get(id)
    }

    /// Stops accepting, lets what is under way finish, and cuts what does not.
    pub async fn shutdown(self) {
        let Plumbing { tasks, drain, .. } = &self.plumbing;
        drain.cancel();
        tasks.close();
        if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
            tracing::warn!("connections cut while draining: {}", tasks.len());
        }
    }
}

/// A listener of the process: everybody's, and always up.
fn serve(app: &Arc<App>, bound: Bound, role: Role, tls: Option<TlsTerms>, http2: bool) {
    let (always, gatekeeping) = watch::channel(Gatekeeping::default());
    let (settled, _) = watch::channel(Settled::default());
    let acceptor = Acceptor {
        service: Service::new(app, Door::new(role, None, app.urls.scheme)),
        terms: Terms { limits: app.limits.clone(), tls, http2, gatekeeping, taps: app.taps.clone() },
        plumbing: app.plumbing.clone(),
        stop: app.plumbing.drain.clone(),
        settled,
    };
    app.plumbing.tasks.spawn(async move {
        acceptor.run(bound).await;
        drop(always);
    });
}

/// TLS as the section has it, and the authority of a certificate that is made.
fn tls(
    section: &TlsSection,
    authority: &Authority,
    sandbox: &Sandbox,
    http2: bool,
) -> Result<(TlsTerms, Option<String>), StartError> {
    let file = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|cause| StartError::TlsFile { path: path.clone(), cause })
    };
    let spec = TlsSpec {
        names: section.names.clone(),
        certificate: section.certificate.as_ref().map(file).transpose()?,
        key: section.key.as_ref().map(file).transpose()?,
        fault: None,
    };
    let made = authority.tls(&spec, sandbox.clock.now(), http2);
    let Tls { acceptor, ca_pem, handshake } = made.map_err(|error: InvalidTls| StartError::Tls(error.to_string()))?;
    if section.ca_file.is_some() && ca_pem.is_none() {
        let detail = "tls.ca_file: a certificate that is given was not signed here; leave ca_file out";
        return Err(StartError::Tls(detail.to_owned()));
    }
    Ok((TlsTerms { acceptor, handshake }, ca_pem))
}

/// Takes idle sandboxes away while nobody asks for any.
async fn sweep(app: Arc<App>) {
    const EVERY: Duration = Duration::from_secs(1);
    loop {
        let now = tokio::time::Instant::now();
        tokio::select! {
            () = app.plumbing.drain.cancelled() => return,
            () = tokio::time::sleep_until(now + EVERY) => app.sandboxes.sweep(now + EVERY),
        }
    }
}

impl From<Unbound> for StartError {
    fn from(Unbound { address, cause }: Unbound) -> Self {
        Self::Listen { address, cause }
    }
}
