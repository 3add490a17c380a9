//! A web replica and a simulator in one, as far as the tool can see.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

/// How well it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Good,
    LosesOne,
    DoublesOne,
    SwapsTwo,
    Stalls,
    Hangs,
    Refuses,
}

/// What the first stream is treated to differently.
const ODD_PLACE: u64 = 10;

pub(crate) struct Server {
    port: u16,
    over: Arc<AtomicBool>,
}

struct Shared {
    behaviour: Behaviour,
    streams: Mutex<Vec<TcpStream>>,
}

impl Server {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let over = Arc::new(AtomicBool::new(false));
        let shared = Arc::new(Shared {
            behaviour,
            streams: Mutex::default(),
        });
        let stop = over.clone();
        thread::spawn(move || {
            for socket in listener
                .incoming()
                .take_while(|_| !stop.load(Ordering::Acquire))
                .flatten()
            {
                let shared = shared.clone();
                thread::spawn(move || shared.serve(socket));
            }
        });
        Self { port, over }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // Wakes the listener, so that its thread ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn serve(&self, mut socket: TcpStream) {
        let mut reader = BufReader::new(socket.try_clone().expect("a second handle"));
        let (mut request, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
            request.push_str(&line);
        }
        if request.starts_with("GET /api/stream?snapshot=1&events=message.created ") {
            self.open(socket);
        } else if request.starts_with("POST /control/burst ") {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let wish: Value = serde_json::from_slice(&body).expect("JSON");
            let begin = micros();
            let answer = format!("{{\"startMicros\":{begin}}}");
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.len()
            );
            socket
                .write_all(format!("{head}{answer}").as_bytes())
                .expect("an answer");
            drop(socket);
            self.emit(&wish, begin);
        }
    }

    fn open(&self, mut socket: TcpStream) {
        if self.behaviour == Behaviour::Refuses {
            let _ = socket.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let frame = chunk("retry: 2000\n\nevent: snapshot\nid: 1-0\ndata: {\"guilds\":[]}\n\n");
        socket
            .write_all(format!("{head}{frame}").as_bytes())
            .expect("a head");
        self.streams.lock().expect("no panic").push(socket);
    }

    fn emit(&self, wish: &Value, begin: u64) {
        let number = |name: &str| wish[name].as_u64().expect("a number");
        let (from, count, rate) = (number("from"), number("count"), number("rate"));
        let began = Instant::now();
        let mut streams = std::mem::take(&mut *self.streams.lock().expect("no panic"));
        for place in 0..count {
            let mut due = Duration::from_micros(place * 1_000_000 / rate);
            if self.behaviour == Behaviour::Stalls {
                due += Duration::from_millis(600);
            }
            thread::sleep(due.saturating_sub(began.elapsed()));
            for (stream, socket) in streams.iter_mut().enumerate() {
                let odd = stream == 0;
                for sent in self.treat(place, odd) {
                    // Ids follow the order of sending: only the numbers are wrong.
                    let text = frame(begin / 1000, place, from + sent);
                    let _ = socket.write_all(chunk(&text).as_bytes());
                }
            }
            if self.behaviour == Behaviour::Hangs && place == ODD_PLACE {
                streams.remove(0);
            }
        }
        // Open until the tool has had its fill.
        thread::sleep(Duration::from_secs(4));
    }

    /// The places that a stream gets in place of this one.
    fn treat(&self, place: u64, odd: bool) -> Vec<u64> {
        match (self.behaviour, odd) {
            (Behaviour::LosesOne, true) if place == ODD_PLACE => vec![],
            (Behaviour::DoublesOne, true) if place == ODD_PLACE => vec![place, place],
            (Behaviour::SwapsTwo, true) if place == ODD_PLACE => vec![place + 1],
            (Behaviour::SwapsTwo, true) if place == ODD_PLACE + 1 => vec![place - 1],
            _ => vec![place],
        }
    }
}

fn frame(ms: u64, place: u64, number: u64) -> String {
    format!(
        "event: message.created\nid: {ms}-{place}\ndata: {{\"guildId\":\"1\",\"content\":\"#{number} {}\"}}\n\n",
        micros()
    )
}

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

fn micros() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_micros() as u64
}
