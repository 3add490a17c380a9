use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use environment::{EXIT_CONFIG, Env, Variable};
use hyper::{Method, StatusCode};

use crate::loopback;

/// Where a running process of ours says that it lives.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// What answers there, in a word.
    pub name: &'static str,
    /// The variable with its port.
    pub port: Variable,
    /// The variable with the address that it listens on.
    pub bind: Variable,
    /// The path that answers 200 while it lives.
    pub path: &'static str,
}

impl Probe {
    /// Where it is reached from this machine; what is wrong becomes a fault of `env`.
    pub(crate) fn address(&self, env: &mut Env) -> SocketAddr {
        let bind = env.parse_or(&self.bind, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let port = env.parse_or(&self.port, 0);
        if port == 0 && env.finish().is_ok() {
            env.fault(
                &self.port,
                "is 0: the running process chose a port that nobody else knows; give it a number",
            );
        }
        loopback::address(bind, port)
    }

    async fn ask(&self, address: SocketAddr) -> Result<String, String> {
        let (name, path) = (self.name, self.path);
        match loopback::ask(Method::GET, address, path, String::new()).await {
            Ok((StatusCode::OK, _)) => Ok(format!("{name} lives: http://{address}{path} answers")),
            Ok((status, _)) => Err(format!("{name} answers {status} at http://{address}{path}")),
            Err(error) => Err(format!(
                "{name} does not answer at http://{address}{path}: {error}"
            )),
        }
    }
}

/// Asks all of them; a line for each, and whether all live. It reads nothing but addresses, so that an image's health check needs
/// no secret.
pub(crate) async fn health(program: &str, probes: &[Probe], mut env: Env) -> ExitCode {
    let addresses: Vec<_> = probes.iter().map(|probe| probe.address(&mut env)).collect();
    if let Err(error) = env.finish() {
        eprintln!("{program}: {error}");
        return ExitCode::from(EXIT_CONFIG);
    }
    let mut code = ExitCode::SUCCESS;
    for (probe, address) in probes.iter().zip(addresses) {
        match probe.ask(address).await {
            Ok(told) => println!("{told}"),
            Err(told) => {
                eprintln!("{program}: {told}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}
