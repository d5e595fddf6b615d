import { isStatus } from "@jdos/apimachinery";
import { CliError } from "../errors.ts";

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
]);
const UNTRUSTED = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** What keeps a command from talking to a cluster, in words; undefined for anything else. */
export function clusterFailure(server: string, error: unknown): CliError | undefined {
  if (isStatus(error, "Unauthorized"))
    return new CliError(
      "Unauthorized",
      `Cannot log in to the cluster at ${server}: it does not know these credentials`,
      {
        hint: "Their token or certificate may be over: get a new kubeconfig from who runs the cluster",
        cause: error,
      },
    );
  const codes = [...causes(error)].map(({ code }) => code ?? "");
  if (codes.includes("CERT_HAS_EXPIRED"))
    return new CliError(
      "CertificateExpired",
      `Cannot trust the cluster at ${server}: its certificate is over`,
      {
        hint: "It has to be renewed on the cluster (kubeadm: kubeadm certs renew apiserver)",
        cause: error,
      },
    );
  const untrusted = codes.find((code) => UNTRUSTED.has(code));
  if (untrusted !== undefined)
    return new CliError(
      "CertificateRefused",
      `Cannot trust the cluster at ${server}: its certificate is not of the kubeconfig's authority (${untrusted})`,
      {
        hint: "See that server and certificate-authority-data of the kubeconfig belong together",
        cause: error,
      },
    );
  const unreachable = codes.find((code) => UNREACHABLE.has(code));
  if (unreachable !== undefined)
    return new CliError("ClusterUnreachable", `Cannot reach the cluster at ${server}: ${unreachable}`, {
      hint: "See that it runs, that the address in the kubeconfig is right, and that this machine may reach it",
      cause: error,
    });
  return undefined;
}

function* causes(error: unknown): Generator<{ code?: string }> {
  let at = error;
  for (let depth = 0; depth < 8 && typeof at === "object" && at !== null; depth++) {
    yield at as { code?: string };
    if (at instanceof AggregateError) yield* at.errors as { code?: string }[];
    at = (at as { cause?: unknown }).cause;
  }
}
