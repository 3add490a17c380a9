//! The manifests in `k8s/`: what is applied is what is rendered here, it is valid, and it keeps what it promises. Each check is
//! shown to notice what it is for, on manifests that are broken on purpose.

mod configuration;
mod life;
mod manifests;
mod network;
mod pods;
mod references;
mod rendering;
mod running;
mod schemas;
mod settings;
