use tokio::{
    sync::{
        mpsc::{self, OwnedPermit},
        watch,
    },
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    ConnectionState, Dispatch, Fact, Fatal, Session, ShardConfig, ShardStatus,
    connection::{Connection, Report},
    course::Course,
    end::{End, Next},
    endpoint::endpoint,
};

/// One shard: connection after connection, for as long as it is wanted.
pub struct Shard {
    config: ShardConfig,
    session: Option<Session>,
    status: watch::Sender<ShardStatus>,
}

impl Shard {
    /// A shard that resumes this session, or begins a new one.
    pub fn new(config: ShardConfig, session: Option<Session>) -> Self {
        let status = ShardStatus {
            session: session.clone(),
            ..ShardStatus::default()
        };
        Self {
            config,
            session,
            status: watch::Sender::new(status),
        }
    }

    /// What it tells about itself, also after it ended.
    pub fn status(&self) -> watch::Receiver<ShardStatus> {
        self.status.subscribe()
    }

    /// Runs until it is drained, until `out` has no receiver any more, or until Discord refuses it
    /// for good. Returns the session that another shard, here or elsewhere, can resume.
    ///
    /// A full `out` never stops the heartbeats: the shard stops reading at the last dispatch that
    /// found room, closes the connection so that it can be resumed, waits until half of the queue
    /// is free, and resumes from there. Nothing is lost as long as that takes less than the one or
    /// two minutes for which Discord keeps a session; beyond that Discord calls the session
    /// invalid and a new READY tells so.
    pub async fn run(
        mut self,
        out: mpsc::Sender<Dispatch>,
        drain: CancellationToken,
    ) -> Result<Option<Session>, Fatal> {
        let outcome = self.connect_for_ever(&out, &drain).await;
        let error = outcome.as_ref().err().map(ToString::to_string);
        if let Some(error) = &error {
            tracing::error!(
                component = "Gateway",
                shard = %self.config.shard,
                error,
                "The shard stopped for good"
            );
        }
        self.status.send_modify(|status| {
            status.state = ConnectionState::Disconnected;
            status.heartbeat_latency = None;
            status.session.clone_from(&self.session);
            if error.is_some() {
                status.last_error = error;
            }
        });
        outcome.map(|()| self.session)
    }

    async fn connect_for_ever(
        &mut self,
        out: &mpsc::Sender<Dispatch>,
        drain: &CancellationToken,
    ) -> Result<(), Fatal> {
        let shard = self.config.shard;
        let original =
            endpoint(&self.config.gateway_url, self.config.compression).map_err(|error| {
                Fatal::Misconfigured {
                    shard,
                    problem: error.to_string(),
                }
            })?;
        let mut course = Course::new(&self.config.timing);
        self.status
            .send_modify(|status| status.state = ConnectionState::Connecting);
        loop {
            let Some(room) = place(out, drain).await else {
                return Ok(());
            };
            let report = self.connect(&course, &original, out, room, drain).await;
            self.observe(Fact::Disconnected {
                cause: report.end.name(),
            });
            match report.end.next() {
                Next::Finish => return Ok(()),
                Next::Stop(code) => {
                    self.session = None;
                    return Err(Fatal::refused(shard, code));
                }
                Next::Identify => {
                    course.note(&report);
                    self.forget_session(&mut course);
                }
                Next::Resume => {
                    if !course.note(&report) {
                        self.forget_session(&mut course);
                    }
                }
            }
            if !self.pause(&mut course, &report, out, drain).await {
                return Ok(());
            }
        }
    }

    async fn connect(
        &mut self,
        course: &Course,
        original: &Url,
        out: &mpsc::Sender<Dispatch>,
        room: OwnedPermit<Dispatch>,
        drain: &CancellationToken,
    ) -> Report {
        let url = course.url(self.session.as_ref(), original, self.config.compression);
        tracing::info!(
            component = "Gateway",
            shard = %self.config.shard,
            host = url.host_str(),
            resumes = self.session.is_some(),
            "Connecting to Discord"
        );
        Connection::new(&self.config, &self.status, &mut self.session, out, room)
            .run(&url, drain)
            .await
    }

    fn forget_session(&mut self, course: &mut Course) {
        self.session = None;
        course.forget_session();
    }

    /// Tells what happened and waits until the next attempt. False = it is not wanted any more.
    async fn pause(
        &self,
        course: &mut Course,
        report: &Report,
        out: &mpsc::Sender<Dispatch>,
        drain: &CancellationToken,
    ) -> bool {
        let wait = course.wait(&report.end);
        let became_degraded = course.degraded() && !self.status.borrow().degraded;
        self.status.send_modify(|status| {
            status.state = ConnectionState::Reconnecting;
            status.attempts = course.attempts();
            status.degraded = course.degraded();
            status.heartbeat_latency = None;
            status.last_error = Some(report.end.to_string());
            status.session.clone_from(&self.session);
        });
        tracing::warn!(
            component = "Gateway",
            shard = %self.config.shard,
            cause = %report.end,
            attempts = course.attempts(),
            wait_ms = wait.as_millis() as u64,
            resumes = self.session.is_some(),
            "Disconnected from Discord, will reconnect"
        );
        if became_degraded {
            tracing::error!(
                component = "Gateway",
                shard = %self.config.shard,
                attempts = course.attempts(),
                "The shard is degraded: no attempt succeeded, it goes on trying"
            );
        }
        tokio::select! {
            () = drain.cancelled() => return false,
            () = sleep(wait) => {}
        }
        if report.end == End::QueueFull {
            self.observe(Fact::QueueFull);
            return half_empty(out, drain).await;
        }
        true
    }

    fn observe(&self, fact: Fact) {
        self.config.observer.observe(self.config.shard, fact);
    }
}

/// A place in the queue; `None` = not wanted any more.
async fn place(
    out: &mpsc::Sender<Dispatch>,
    drain: &CancellationToken,
) -> Option<OwnedPermit<Dispatch>> {
    tokio::select! {
        () = drain.cancelled() => None,
        room = out.clone().reserve_owned() => room.ok(),
    }
}

/// Waits until half of the queue is free: else each connection would bring a dispatch or two.
async fn half_empty(out: &mpsc::Sender<Dispatch>, drain: &CancellationToken) -> bool {
    let half = (out.max_capacity() / 2).max(1);
    tokio::select! {
        () = drain.cancelled() => false,
        room = out.reserve_many(half) => room.is_ok(),
    }
}
