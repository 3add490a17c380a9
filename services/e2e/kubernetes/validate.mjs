// Validates one resource of the Prometheus operator, given as JSON, against the schema of its kind.
import * as monitoring from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const { apiVersion, ...resource } = JSON.parse(process.argv[2]);
const Kind = monitoring[resource.kind];
if (!Kind || Kind.apiVersion !== apiVersion) {
  throw new Error(`no schema for ${apiVersion} ${resource.kind}`);
}
new Kind(resource).validate();
