//! The two directions of one connection.

use std::io;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

use super::{Weather, Wire};

/// Bytes that are on the wire at most, each way.
const BUFFER: usize = 16 * 1024;

/// Ends a connection by RST.
pub(super) fn reset(socket: TcpStream) {
    // a socket that is gone already is as good
    let _ = socket.set_zero_linger();
    drop(socket);
}

/// Returns when the connections of this moment are reset.
pub(super) async fn broken(mut weather: watch::Receiver<Weather>, resets: u64) {
    // an error means that the proxy is gone, and then the wire is, too
    let _ = weather.wait_for(|weather| weather.resets != resets).await;
}

/// Carries bytes both ways until both ends are done or the wire breaks.
pub(super) async fn run(
    mut near: TcpStream,
    mut far: TcpStream,
    weather: watch::Receiver<Weather>,
    resets: u64,
) {
    // without it small frames would wait for each other
    let _ = near.set_nodelay(true).and_then(|()| far.set_nodelay(true));
    let broke = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let both = async {
            tokio::try_join!(
                carry(near_read, far_write, weather.clone()),
                carry(far_read, near_write, weather.clone()),
            )
        };
        tokio::select! {
            outcome = both => outcome.is_err(),
            () = broken(weather.clone(), resets) => true,
        }
    };
    if broke {
        reset(near);
        reset(far);
    }
}

async fn carry(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        whole(&mut weather).await?;
        let count = tokio::select! {
            count = from.read(&mut buffer) => count?,
            changed = weather.changed() => {
                changed.map_err(io::Error::other)?;
                continue;
            }
        };
        // What was read while the wire broke down waits with all that follows it.
        whole(&mut weather).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
    }
}

async fn whole(weather: &mut watch::Receiver<Weather>) -> io::Result<()> {
    let whole = weather.wait_for(|weather| weather.wire == Wire::Whole);
    whole.await.map(|_| ()).map_err(io::Error::other)
}
