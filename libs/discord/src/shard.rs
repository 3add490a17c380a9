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
    connection::Connection,
    course::Course,
    end::{End, Next},
    endpoint::endpoint,
    gate,
    progress::Report,
    queue,
};

/// One shard: connection after connection, for as long as it is wanted.
pub struct Shard {
    config: ShardConfig,
    session: Option<Session>,
    status: watch::Sender<ShardStatus>,
}

impl Shard {
    /// A shard that resumes this session, or begins a new one. What came before a session's number
    /// counts as stored.
    pub fn new(config: ShardConfig, session: Option<Session>) -> Self {
        if let (Some(watermark), Some(session)) = (&config.watermark, &session) {
            watermark.raise(&session.id, session.seq);
        }
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
    /// A full `out` never stops the heartbeats: the shard goes on reading and discards what comes,
    /// and when half of the queue is free it closes the connection so that it can be resumed, and
    /// resumes from the last dispatch that found room. Nothing is lost as long as Discord keeps
    /// what it has to replay; beyond that it calls the session invalid and a new READY tells so.
    ///
    /// While the gate is closed, no connection is opened, begun or resumed.
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
        let mut original = self
            .original()
            .map_err(|problem| Fatal::Misconfigured { shard, problem })?;
        let mut course = Course::new(&self.config.timing);
        self.status
            .send_modify(|status| status.state = ConnectionState::Connecting);
        loop {
            let Some(room) = self.leave(out, drain).await else {
                return Ok(());
            };
            match self.original() {
                Ok(url) => original = url,
                Err(error) => tracing::warn!(
                    component = "Gateway",
                    %shard,
                    error,
                    "The new Gateway URL is of no use, the one before stays"
                ),
            }
            let report = self.connect(&mut course, &original, out, room, drain).await;
            match report.end.next() {
                Next::Finish => return Ok(()),
                Next::Stop(code) => {
                    self.session = None;
                    return Err(Fatal::refused(shard, code));
                }
                Next::Identify => {
                    self.session = None;
                    course.forget_session();
                }
                Next::Resume => {}
            }
            if !self.pause(&mut course, &report, out, drain).await {
                return Ok(());
            }
        }
    }

    /// Where to connect to without a session.
    fn original(&self) -> Result<Url, String> {
        endpoint(&self.config.gateway_url.borrow(), self.config.compression)
            .map_err(|error| error.to_string())
    }

    /// Waits for a place in the queue and the open gate. `None` = it is not wanted any more.
    async fn leave(
        &self,
        out: &mpsc::Sender<Dispatch>,
        drain: &CancellationToken,
    ) -> Option<OwnedPermit<Dispatch>> {
        let mut gate = self.config.gate.clone();
        let ready = async {
            let room = queue::place(out).await?;
            gate::opened(&mut gate).await;
            Some(room)
        };
        tokio::select! {
            () = drain.cancelled() => None,
            () = out.closed() => None,
            room = ready => room,
        }
    }

    /// One connection, from open to end, with what it tells about the next.
    async fn connect(
        &mut self,
        course: &mut Course,
        original: &Url,
        out: &mpsc::Sender<Dispatch>,
        room: OwnedPermit<Dispatch>,
        drain: &CancellationToken,
    ) -> Report {
        let compression = self.config.compression;
        let (url, at_original) = course.url(self.session.as_ref(), original, compression);
        tracing::info!(
            component = "Gateway",
            shard = %self.config.shard,
            host = url.host_str(),
            resumes = self.session.is_some(),
            "Connecting to Discord"
        );
        let report = Connection::new(&self.config, &self.status, &mut self.session, out, room)
            .run(&url, drain)
            .await;
        self.config.observer.observe(
            self.config.shard,
            Fact::Disconnected {
                cause: report.end.name(),
            },
        );
        if !course.note(&report, at_original) {
            self.session = None;
            course.give_up_session();
        }
        report
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
            status.unreachable = course.unreachable();
            if let End::BudgetExhausted(resets_in) = report.end {
                status.budget_exhausted = Some(resets_in);
            }
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
                "The shard is degraded: no connection lasted, it goes on trying"
            );
        }
        let rest = async {
            sleep(wait).await;
            if report.discarded {
                queue::half_free(out).await;
            }
        };
        tokio::select! {
            () = drain.cancelled() => false,
            () = rest => true,
        }
    }
}
