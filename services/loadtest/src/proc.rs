//! What Linux tells about processes under `/proc`.

use std::{fs, net::SocketAddr, time::Duration};

use anyhow::Context as _;

/// Ticks a second in `/proc/<pid>/stat`: fixed for programs, whatever the kernel uses inside.
const TICKS: u64 = 100;

/// CPU time that a process has used, user and system.
pub(crate) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} is gone"))?;
    let ticks = cpu_ticks(&stat).context("/proc/<pid>/stat can't be read")?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

fn cpu_ticks(stat: &str) -> Option<u64> {
    // The name, in parentheses, may contain anything; the fields after it are numbers, the first of them the third.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Memory that a process holds, in bytes (resident set).
pub(crate) fn resident(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} is gone"))?;
    resident_kib(&status)
        .map(|kib| kib * 1024)
        .context("/proc/<pid>/status has no VmRSS")
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How many files this process may open.
pub(crate) fn open_files_limit() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The process that listens on this address.
pub(crate) fn listener(address: SocketAddr) -> Option<u32> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .find_map(|table| listening_inode(&table, address.port()))?;
    let wanted = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?;
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| holds(*pid, &wanted))
}

fn holds(pid: u32, wanted: &str) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    files
        .flatten()
        .any(|file| fs::read_link(file.path()).is_ok_and(|link| link.to_str() == Some(wanted)))
}

/// The inode of the socket in state LISTEN (0A) on a port.
fn listening_inode(table: &str, port: u16) -> Option<u64> {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == "0A";
        listens.then(|| fields.get(9)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, time::Instant};

    use super::*;

    #[test]
    fn this_process_is_found_by_the_port_it_listens_on() {
        let listener_here = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener_here.local_addr().unwrap();
        assert_eq!(listener(address), Some(std::process::id()));
        drop(listener_here);
        assert_eq!(listener(address), None);
    }

    #[test]
    fn cpu_time_and_memory_of_this_process_are_read() {
        let me = std::process::id();
        assert!(resident(me).unwrap() > 100_000);
        let before = cpu(me).unwrap();
        let begun = Instant::now();
        while cpu(me).unwrap() == before {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "busy waiting costs no CPU"
            );
        }
        assert!(open_files_limit().unwrap() > 0);
    }

    #[test]
    fn a_name_with_blanks_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 1 1";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("nonsense"), None);
    }
}
