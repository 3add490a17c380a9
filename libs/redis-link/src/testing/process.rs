use std::{
    ffi::OsString,
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The pause between two attempts to reach a server that is starting.
const PROBE_EVERY: Duration = Duration::from_millis(10);

/// A running redis-server, killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
}

impl Process {
    pub(super) fn start(port: u16, directory: &Path, arguments: &[String]) -> Self {
        let own = ["--port", &port.to_string(), "--bind", "127.0.0.1"].map(OsString::from);
        let kept = ["--save", "", "--dir"].map(OsString::from);
        let arguments = arguments.iter().map(OsString::from);
        let all = own.into_iter().chain(kept).chain([directory.into()]);
        Self::spawn(all.chain(arguments))
    }

    /// A Sentinel with this configuration, which it rewrites as it learns.
    pub(super) fn sentinel(configuration: &Path) -> Self {
        Self::spawn([configuration.into(), "--sentinel".into()])
    }

    fn spawn(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let child = Command::new("redis-server")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        Self { child }
    }

    /// Waits until it answers; false if it answers something else than Redis would.
    pub(super) async fn answers(&self, port: u16) -> bool {
        loop {
            match probe(port).await {
                // `-LOADING` while it reads its files
                Some(reply) if reply.starts_with("-LOADING") => {}
                Some(reply) => return self.owns(&reply),
                None => {}
            }
            tokio::time::sleep(PROBE_EVERY).await;
        }
    }

    /// Another process may have taken the port first.
    fn owns(&self, reply: &str) -> bool {
        reply.contains(&format!("process_id:{}", self.child.id())) || reply.starts_with("-NOAUTH")
    }

    /// Sends a signal by name, e.g. `-STOP`.
    pub(super) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .expect("kill is installed");
        assert!(status.success(), "kill {signal} failed");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server on this port says about itself; `None` = nobody listens or nobody answers.
async fn probe(port: u16) -> Option<String> {
    let exchange = async {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        socket.write_all(b"INFO server\r\n").await.ok()?;
        let mut reply = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let count = socket.read(&mut buffer).await.ok()?;
            reply.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&reply);
            if count == 0 || text.starts_with('-') || text.contains("tcp_port:") {
                return (!reply.is_empty()).then(|| text.into_owned());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(1), exchange)
        .await
        .ok()?
}
