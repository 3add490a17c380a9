use std::{future::pending, pin::Pin, time::Duration};

use tokio::{
    sync::{
        mpsc::{self, OwnedPermit},
        watch,
    },
    time::{Instant, sleep_until},
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    BudgetExhausted, ConnectionState, Dispatch, Fact, Session, ShardConfig, ShardStatus, command,
    compression::Decompressor,
    end::End,
    frame::{self, Received},
    gate,
    heartbeat::Heartbeat,
    intake::{Accepted, Intake},
    limit::Urgency,
    progress::{Progress, Report},
    queue, session,
    socket::{Sent, Socket},
};

type Permit = Pin<Box<dyn Future<Output = Result<(), BudgetExhausted>> + Send>>;

/// One socket from open to end.
pub(crate) struct Connection<'a> {
    config: &'a ShardConfig,
    status: &'a watch::Sender<ShardStatus>,
    out: &'a mpsc::Sender<Dispatch>,
    intake: Intake<'a>,
    decompressor: Decompressor,
    heartbeat: Option<Heartbeat>,
    /// The identify limiter's answer, while we wait for it.
    permit: Option<Permit>,
    gate: watch::Receiver<bool>,
    progress: Progress,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(
        config: &'a ShardConfig,
        status: &'a watch::Sender<ShardStatus>,
        session: &'a mut Option<Session>,
        out: &'a mpsc::Sender<Dispatch>,
        room: OwnedPermit<Dispatch>,
    ) -> Self {
        Self {
            config,
            status,
            out,
            intake: Intake::new(config, status, session, out, room),
            decompressor: Decompressor::new(config.compression),
            heartbeat: None,
            permit: None,
            gate: config.gate.clone(),
            progress: Progress::new(&config.timing),
        }
    }

    /// Opens the socket and stays until its end.
    pub(crate) async fn run(mut self, url: &Url, drain: &CancellationToken) -> Report {
        let opened = tokio::select! {
            () = drain.cancelled() => Err(End::Drained),
            opened = Socket::open(url, &self.config.timing) => opened,
        };
        let mut socket = match opened {
            Ok(socket) => socket,
            Err(end) => return Report::unopened(end),
        };
        self.progress.opened();
        let end = loop {
            if let Err(end) = self.step(&mut socket, drain).await {
                break end;
            }
        };
        if end.says_goodbye() {
            socket.close().await;
        }
        Report {
            end,
            greeted: self.heartbeat.is_some(),
            resume_sent: self.progress.resume_sent(),
            established: self.progress.established(),
            steady: self.progress.is_steady(),
            moved: self.intake.moved(),
            discarded: self.intake.discarding(),
        }
    }

    /// Waits for the next thing to happen, and does what it asks for.
    ///
    /// The order is fixed: however fast dispatches come, heartbeats leave in time.
    async fn step(&mut self, socket: &mut Socket, drain: &CancellationToken) -> Result<(), End> {
        let beat = self.heartbeat.as_ref().map(Heartbeat::due);
        let awaited = self.progress.awaited();
        let introduced = self.progress.introduced();
        tokio::select! {
            biased;
            () = drain.cancelled() => Err(End::Drained),
            () = self.out.closed() => Err(End::Drained),
            () = gate::closed(&mut self.gate), if !introduced => Err(End::HeldBack),
            () = at(beat) => self.beat(socket).await,
            () = at(awaited.map(|(_, until)| until)) => {
                Err(End::TimedOut(awaited.map_or("an answer", |(what, _)| what)))
            }
            () = at(self.progress.steady_at()) => {
                self.lasted();
                Ok(())
            }
            () = queue::half_free(self.out), if self.intake.discarding() => Err(End::QueueFull),
            permit = granted(&mut self.permit) => match permit {
                Ok(()) => self.identify(socket).await,
                Err(BudgetExhausted { resets_in }) => Err(End::BudgetExhausted(resets_in)),
            },
            message = socket.next() => self.hear(socket, message?).await,
        }
    }

    async fn hear(&mut self, socket: &mut Socket, message: Message) -> Result<(), End> {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.heard();
        }
        let wire = message.len();
        let plain = match &message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => match self.decompressor.push(bytes) {
                Ok(Some(plain)) => plain,
                Ok(None) => return Ok(()),
                Err(error) => return Err(End::Malformed(error.to_string())),
            },
            _ => return Ok(()),
        };
        let fact = Fact::FrameReceived {
            wire,
            plain: plain.len(),
        };
        self.config.observer.observe(self.config.shard, fact);
        match frame::read(plain).map_err(|error| End::Malformed(error.to_string()))? {
            Received::Dispatch { seq, name, d } => {
                let accepted = self.intake.accept(seq, &name, d)?;
                self.accepted(accepted);
                Ok(())
            }
            Received::HeartbeatAsked => self.send_heartbeat(socket).await.map(drop),
            Received::ReconnectAsked => Err(End::ReconnectAsked),
            Received::InvalidSession { resumable } => Err(End::InvalidSession { resumable }),
            Received::Hello { interval } => self.greeted(socket, interval).await,
            Received::HeartbeatAck => {
                self.acknowledged();
                Ok(())
            }
            Received::Unknown => Ok(()),
        }
    }

    /// HELLO came. A second one only sets a new rhythm.
    async fn greeted(&mut self, socket: &mut Socket, interval: Duration) -> Result<(), End> {
        let first = self.heartbeat.is_none();
        self.heartbeat = Some(Heartbeat::new(interval, rand::random(), Instant::now()));
        if !first {
            return Ok(());
        }
        tracing::info!(
            component = "Gateway",
            shard = %self.config.shard,
            "Heartbeat started (interval: {}ms)",
            interval.as_millis()
        );
        let Some(session) = self.intake.session() else {
            let (limiter, shard) = (self.config.identify.clone(), self.config.shard);
            self.permit = Some(Box::pin(async move { limiter.permit(shard).await }));
            self.progress.await_nothing();
            self.enter(ConnectionState::Identifying);
            return Ok(());
        };
        let payload = command::resume(self.config, session);
        tracing::info!(
            component = "Gateway",
            shard = %self.config.shard,
            session = session::short(&session.id),
            seq = session.seq,
            "Resuming the session"
        );
        self.enter(ConnectionState::Resuming);
        self.send(socket, payload).await?;
        self.progress.resumed();
        self.observe(Fact::Resumed);
        Ok(())
    }

    async fn identify(&mut self, socket: &mut Socket) -> Result<(), End> {
        self.permit = None;
        tracing::info!(
            component = "Gateway",
            shard = %self.config.shard,
            intents = self.config.intents.bits(),
            "Identifying"
        );
        self.send(socket, command::identify(self.config)).await?;
        self.progress.identified();
        self.observe(Fact::Identified);
        self.status
            .send_modify(|status| status.budget_exhausted = None);
        Ok(())
    }

    fn accepted(&mut self, accepted: Accepted) {
        match accepted {
            Accepted::Ready | Accepted::Resumed => {}
            Accepted::Other => return self.progress.got_on(),
            Accepted::Discarded => return self.progress.await_nothing(),
        }
        if !self.progress.establish() {
            return;
        }
        self.status.send_modify(|status| {
            status.state = ConnectionState::Connected;
            status.attempts = 0;
            status.unreachable = 0;
            status.budget_exhausted = None;
            status.last_error = None;
        });
        let session = self.intake.session();
        tracing::info!(
            component = "Gateway",
            shard = %self.config.shard,
            resumed = accepted == Accepted::Resumed,
            "Connected (session: {}...)",
            session.map_or("none", |session| session::short(&session.id))
        );
    }

    /// The connection lasted: whatever was wrong before is over.
    fn lasted(&mut self) {
        self.progress.lasted();
        self.status.send_modify(|status| status.degraded = false);
    }

    /// A heartbeat is due.
    async fn beat(&mut self, socket: &mut Socket) -> Result<(), End> {
        if self.heartbeat.as_ref().is_some_and(Heartbeat::dead) {
            return Err(End::Zombie);
        }
        let sent = self.send_heartbeat(socket).await?;
        if let Some(heartbeat) = &mut self.heartbeat {
            match sent {
                Sent::Yes => heartbeat.beat(Instant::now()),
                Sent::NotBefore(until) => heartbeat.postpone(until),
            }
        }
        Ok(())
    }

    async fn send_heartbeat(&mut self, socket: &mut Socket) -> Result<Sent, End> {
        let seq = self.intake.acknowledgeable();
        let sent = socket
            .send(command::heartbeat(seq), Urgency::Heartbeat)
            .await?;
        if let (Sent::Yes, Some(heartbeat)) = (&sent, &mut self.heartbeat) {
            heartbeat.sent(Instant::now());
        }
        Ok(sent)
    }

    fn acknowledged(&mut self) {
        let heartbeat = self.heartbeat.as_mut();
        let Some(latency) = heartbeat.and_then(|beat| beat.acknowledged(Instant::now())) else {
            return;
        };
        self.status
            .send_modify(|status| status.heartbeat_latency = Some(latency));
        self.observe(Fact::HeartbeatAcknowledged { latency });
    }

    /// Sends what can't wait for the limit: both come right after HELLO, when there is room unless
    /// Discord asked for a hundred heartbeats first.
    async fn send(&mut self, socket: &mut Socket, payload: String) -> Result<(), End> {
        match socket.send(payload, Urgency::Ordinary).await? {
            Sent::Yes => Ok(()),
            Sent::NotBefore(_) => Err(End::Malformed("asked for too many heartbeats".into())),
        }
    }

    fn enter(&self, state: ConnectionState) {
        self.status.send_modify(|status| status.state = state);
    }

    fn observe(&self, fact: Fact) {
        self.config.observer.observe(self.config.shard, fact);
    }
}

/// Waits until then, or for ever.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}

/// Waits for the limiter's answer, or for ever.
async fn granted(permit: &mut Option<Permit>) -> Result<(), BudgetExhausted> {
    match permit {
        Some(permit) => permit.await,
        None => pending().await,
    }
}
