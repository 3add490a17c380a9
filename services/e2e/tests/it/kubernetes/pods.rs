//! What every pod must be: without rights, bounded, pinned.

use serde_json::{Value, json};

use super::manifests::{Manifests, list, notices, passes, text};

/// Most memory of a container that is promised, in MiB.
const PROMISED_MIB: [(&str, u64); 2] = [("gateway", 256), ("web", 512)];

/// The restricted level of Kubernetes' pod security standards, and more: a read-only root, no token, no variables of Services.
fn rights(manifests: &Manifests) -> Vec<String> {
    let mut faults = Vec::new();
    for workload in manifests.workloads() {
        let pod = workload.pod;
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(format!("{} {what}", workload.name));
            }
        };
        let account = manifests.find("ServiceAccount", text(&pod["serviceAccountName"]));
        must(
            account.is_some_and(|account| account["automountServiceAccountToken"] == false),
            "has no service account of its own without a token",
        );
        must(pod["automountServiceAccountToken"] == false, "has a token");
        must(pod["enableServiceLinks"] == false, "has service links");
        for shared in ["hostNetwork", "hostPID", "hostIPC"] {
            must(pod[shared].is_null(), shared);
        }
        let context = &pod["securityContext"];
        must(context["runAsNonRoot"] == true, "may run as root");
        must(context["runAsUser"].as_u64() > Some(0), "has no user");
        must(
            context["seccompProfile"]["type"] == "RuntimeDefault",
            "has no seccomp profile",
        );
        for volume in list(&pod["volumes"]) {
            must(volume["hostPath"].is_null(), "mounts a path of the host");
        }
        for (name, container) in workload.containers() {
            let context = &container["securityContext"];
            must(
                context["allowPrivilegeEscalation"] == false,
                &format!("{name}: may gain privileges"),
            );
            must(
                context["readOnlyRootFilesystem"] == true,
                &format!("{name}: can write its root"),
            );
            must(
                context["capabilities"] == json!({"drop": ["ALL"]}),
                &format!("{name}: keeps capabilities"),
            );
            for weakened in [
                "privileged",
                "runAsUser",
                "runAsNonRoot",
                "seccompProfile",
                "procMount",
            ] {
                must(context[weakened].is_null(), &format!("{name}: {weakened}"));
            }
            for port in list(&container["ports"]) {
                must(
                    port["hostPort"].is_null(),
                    &format!("{name}: takes a port of the host"),
                );
            }
        }
    }
    for kind in [
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "Pod",
        "DaemonSet",
    ] {
        faults.extend(
            manifests
                .of_kind(kind)
                .map(|_| format!("there is a {kind}")),
        );
    }
    faults
}

#[test]
fn nothing_has_rights_that_it_does_not_need() {
    passes(rights);
    let at = |field: &str| format!("/spec/template/spec/{field}").leak() as &str;
    let of = |field: &str| at(&format!("containers/0/securityContext/{field}"));
    notices(
        rights,
        [
            (
                "Deployment",
                "web",
                at("securityContext/runAsNonRoot"),
                Value::Null,
                "may run as root",
            ),
            (
                "Deployment",
                "web",
                at("securityContext/runAsUser"),
                json!(0),
                "has no user",
            ),
            (
                "StatefulSet",
                "redis",
                at("securityContext/seccompProfile"),
                Value::Null,
                "seccomp",
            ),
            (
                "Deployment",
                "gateway",
                at("hostNetwork"),
                json!(true),
                "hostNetwork",
            ),
            (
                "Deployment",
                "gateway",
                at("automountServiceAccountToken"),
                Value::Null,
                "has a token",
            ),
            (
                "Deployment",
                "gateway",
                at("serviceAccountName"),
                Value::Null,
                "service account",
            ),
            (
                "Deployment",
                "gateway",
                at("enableServiceLinks"),
                Value::Null,
                "service links",
            ),
            (
                "ServiceAccount",
                "web",
                "/automountServiceAccountToken",
                json!(true),
                "web has no service account",
            ),
            (
                "Deployment",
                "web",
                of("readOnlyRootFilesystem"),
                json!(false),
                "can write its root",
            ),
            (
                "Deployment",
                "web",
                of("capabilities"),
                json!({"drop": ["ALL"], "add": ["NET_RAW"]}),
                "capabilities",
            ),
            (
                "Deployment",
                "web",
                of("allowPrivilegeEscalation"),
                Value::Null,
                "may gain privileges",
            ),
            (
                "Deployment",
                "web",
                of("privileged"),
                json!(true),
                "privileged",
            ),
            (
                "Deployment",
                "web",
                at("volumes/0/hostPath"),
                json!({"path": "/"}),
                "path of the host",
            ),
        ],
    );
}

/// Each container has requests and limits, in the promised bounds, and an image that can't change under it.
fn bounds(manifests: &Manifests) -> Vec<String> {
    let version = env!("CARGO_PKG_VERSION");
    let mut faults = Vec::new();
    for workload in manifests.workloads() {
        for (name, container) in workload.containers() {
            for (resource, measure) in [
                ("cpu", millicores as fn(&str) -> Option<u64>),
                ("memory", mebibytes),
            ] {
                let of = |which: &str| measure(text(&container["resources"][which][resource]));
                match (of("requests"), of("limits")) {
                    (Some(request), Some(limit)) if request <= limit => {}
                    (request, limit) => faults.push(format!(
                        "{name}: {resource} requested {request:?}, limited to {limit:?}"
                    )),
                }
                let promised = PROMISED_MIB.iter().find(|(whose, _)| *whose == name);
                if let Some((_, most)) = promised
                    && resource == "memory"
                    && of("limits") > Some(*most)
                {
                    faults.push(format!("{name}: more memory than the {most} MiB promised"));
                }
            }
            let image = text(&container["image"]);
            let (repository, tag) = image.rsplit_once(':').unwrap_or((image, ""));
            let pinned = if repository.starts_with("fanfare-") {
                tag == version
            } else {
                tag.split(['.', '-'])
                    .filter(|part| part.parse::<u32>().is_ok())
                    .count()
                    >= 3
            };
            if !pinned {
                faults.push(format!("{name}: {image} is not pinned"));
            }
        }
    }
    faults
}

#[test]
fn every_container_is_bounded_and_pinned() {
    passes(bounds);
    let at = |field: &str| format!("/spec/template/spec/containers/0/{field}").leak() as &str;
    notices(
        bounds,
        [
            (
                "Deployment",
                "web",
                at("resources/limits/memory"),
                Value::Null,
                "web: memory",
            ),
            (
                "Deployment",
                "web",
                at("resources/limits/memory"),
                json!("1Gi"),
                "512 MiB",
            ),
            (
                "Deployment",
                "gateway",
                at("resources/requests"),
                Value::Null,
                "gateway: cpu",
            ),
            (
                "Deployment",
                "gateway",
                at("resources/requests/cpu"),
                json!("2"),
                "gateway: cpu",
            ),
            (
                "Deployment",
                "web",
                at("image"),
                json!("fanfare-web:latest"),
                "is not pinned",
            ),
            (
                "Deployment",
                "web",
                at("image"),
                json!("fanfare-web"),
                "is not pinned",
            ),
            (
                "StatefulSet",
                "redis",
                at("image"),
                json!("redis:7"),
                "is not pinned",
            ),
        ],
    );
}

fn millicores(text: &str) -> Option<u64> {
    match text.strip_suffix('m') {
        Some(milli) => milli.parse().ok(),
        None => Some(text.parse::<u64>().ok()? * 1000),
    }
}

fn mebibytes(text: &str) -> Option<u64> {
    match (text.strip_suffix("Mi"), text.strip_suffix("Gi")) {
        (Some(mebi), _) => mebi.parse().ok(),
        (_, Some(gibi)) => Some(gibi.parse::<u64>().ok()? * 1024),
        _ => None,
    }
}
