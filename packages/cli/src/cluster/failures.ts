import { isStatus } from "@jdos/apimachinery";
import type { ClientError } from "@jdos/client";
import { CliError } from "../errors.ts";

/** Why nothing of the server is heard, by the codes of the system and of the HTTP client. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "its name cannot be looked up",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "no way leads there",
  ENETUNREACH: "no way leads there",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_HEADERS_TIMEOUT: "it does not answer",
};
const UNTRUSTED = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
]);

interface Failure {
  code?: string;
  reason?: string;
  message?: string;
}

/** What keeps a command from talking to a cluster, in words; undefined for anything else. */
export function clusterFailure(server: string, error: unknown): CliError | undefined {
  if (isStatus(error, "Unauthorized")) return unknownCredentials(server, error);
  const failures = [...causes(error)];
  return (
    certificateFailure(server, failures) ??
    connectionFailure(server, failures) ??
    (isClientError(error) ? answerFailure(server, error) : undefined)
  );
}

/** The cluster took neither the token nor the certificate. */
export function unknownCredentials(server: string, cause?: unknown): CliError {
  return new CliError(
    "Unauthorized",
    `Cannot log in to the cluster at ${server}: it does not know these credentials`,
    {
      hint: "Their token or certificate may have expired: get a new kubeconfig from who runs the cluster",
      cause,
    },
  );
}

/** What answers is something else. */
export function notKubernetes(server: string, what: string, cause?: unknown): CliError {
  return new CliError(
    "NotKubernetes",
    `Cannot use the cluster at ${server}: no Kubernetes API answers there, but something else (${what})`,
    {
      hint: `See that clusters[].cluster.server of the kubeconfig is the API server's address and port, and not a web page's${server.startsWith("http://") ? "; most API servers are named with https://" : ""}`,
      cause,
    },
  );
}

/** What stands before an API server that is away. */
export function gatewayFailure(server: string, httpStatus: number, cause?: unknown): CliError {
  return new CliError(
    "ClusterUnreachable",
    `Cannot reach the cluster at ${server}: a proxy or load balancer before it answers HTTP ${httpStatus}`,
    {
      hint: "See that the API server behind it runs, and repeat the command",
      cause,
    },
  );
}

export function isGatewayStatus(httpStatus: number): boolean {
  return httpStatus >= 502 && httpStatus <= 504;
}

function certificateFailure(server: string, failures: readonly Failure[]): CliError | undefined {
  const of = (...codes: string[]): Failure | undefined =>
    failures.find(({ code = "" }) => codes.includes(code));
  const expired = of("CERT_HAS_EXPIRED");
  if (expired !== undefined)
    return new CliError(
      "CertificateExpired",
      `Cannot trust the cluster at ${server}: its certificate has expired`,
      {
        hint: "It has to be renewed on the cluster (kubeadm: kubeadm certs renew apiserver); if it is new, see this machine's clock",
        cause: expired,
      },
    );
  const early = of("CERT_NOT_YET_VALID");
  if (early !== undefined)
    return new CliError(
      "CertificateNotYetValid",
      `Cannot trust the cluster at ${server}: its certificate is not valid yet`,
      { hint: "One of the two clocks is wrong: see date here and on the cluster's machines", cause: early },
    );
  const misnamed = of("ERR_TLS_CERT_ALTNAME_INVALID");
  if (misnamed !== undefined)
    return new CliError(
      "CertificateRefused",
      `Cannot trust the cluster at ${server}: its certificate is for another name (${misnamed.reason ?? misnamed.message})`,
      {
        hint: "Use an address that its certificate names, or name one of those in clusters[].cluster.tls-server-name of the kubeconfig",
        cause: misnamed,
      },
    );
  const untrusted = of(...UNTRUSTED);
  if (untrusted === undefined) return undefined;
  return new CliError(
    "CertificateRefused",
    `Cannot trust the cluster at ${server}: its certificate is not of the kubeconfig's authority (${untrusted.code})`,
    {
      hint: "See that server and certificate-authority-data of the kubeconfig belong together: it may be another cluster, or one that was made anew",
      cause: untrusted,
    },
  );
}

function connectionFailure(server: string, failures: readonly Failure[]): CliError | undefined {
  if (failures.some(({ code, message }) => /WRONG.VERSION.NUMBER/i.test(`${code} ${message}`)))
    return new CliError(
      "ClusterUnreachable",
      `Cannot reach the cluster at ${server}: no TLS is spoken there`,
      {
        hint: "See the port in clusters[].cluster.server of the kubeconfig; an API server that speaks plain HTTP is named with http://",
        cause: failures[0],
      },
    );
  const code = failures.map((failure) => failure.code ?? "").find((each) => each in UNREACHABLE);
  if (code === undefined) return undefined;
  return unreachable(server, { why: `${UNREACHABLE[code]} (${code})`, cause: failures[0] });
}

/** Of a client that got this far: what came is no answer, or the connection broke. */
function answerFailure(server: string, error: ClientError): CliError | undefined {
  if (error.code === "Garbled") return notKubernetes(server, "what came is not JSON", error);
  if (error.code !== "Transport" && error.code !== "Silent") return undefined;
  return unreachable(server, {
    why: (error.cause as Failure | undefined)?.message ?? error.message,
    cause: error,
  });
}

/** By its name: commands that need no Kubernetes client do not load it for this. */
function isClientError(error: unknown): error is ClientError {
  return error instanceof Error && /^(Transport|Garbled|Silent)Error$/.test(error.name);
}

function unreachable(server: string, { why, cause }: { why: string; cause: unknown }): CliError {
  return new CliError("ClusterUnreachable", `Cannot reach the cluster at ${server}: ${why}`, {
    hint: "See that it runs, that the address in the kubeconfig is right, and that this machine may reach it",
    cause,
  });
}

function* causes(error: unknown): Generator<Failure> {
  let at = error;
  for (let depth = 0; depth < 8 && typeof at === "object" && at !== null; depth++) {
    yield at as Failure;
    if (at instanceof AggregateError) yield* at.errors as Failure[];
    at = (at as { cause?: unknown }).cause;
  }
}
