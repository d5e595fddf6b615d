import { CliError } from "../../errors.ts";

/** A push that is only tried. */
export interface PushAttempt {
  /** As the person gave it. */
  location: string;
  url: string;
  repository: string;
  /** Of the account, when there is one. */
  username: string | undefined;
}

/** login: it wants one; account: it does not take this one; rights, path: this one may not, or there is no such path. */
type Refusal = "login" | "account" | "rights" | "path" | (string & {});

export function pushRefused(attempt: PushAttempt, refusal: Refusal, cause?: unknown): CliError {
  const { location } = attempt;
  const { state, hint } = wordsOf(attempt, refusal);
  return new CliError("RegistryRefused", `Cannot push to registry "${location}": ${state}`, { hint, cause });
}

const GIVE_ACCOUNT =
  "Give its account with --registry-credentials FILE: a docker configuration, like ~/.docker/config.json after docker login";

function wordsOf(
  { location, repository, username }: PushAttempt,
  refusal: Refusal,
): { state: string; hint: string } {
  const host = location.split("/")[0];
  const below = repository.replace(/\/?jdos\/platform$/, "");
  const place = below === "" ? `"${host}"` : `path "${below}"`;
  if (refusal === "login" || (username === undefined && refusal === "account"))
    return { state: "it asks for a login, and none was given", hint: GIVE_ACCOUNT };
  if (username === undefined && refusal === "rights")
    return { state: `it takes no push to "${repository}" without a login`, hint: GIVE_ACCOUNT };
  if (refusal === "account")
    return {
      state: `it does not take the user name and password of "${username}"`,
      hint: `Log in anew (docker login ${host}), and give the file again with --registry-credentials FILE`,
    };
  if (refusal === "rights")
    return {
      state: `user "${username}" may not push to "${repository}"`,
      hint: `See that the registry has ${place}, and let "${username}" push there; or give another account with --registry-credentials FILE, another path with --registry HOST/PATH`,
    };
  return { state: describe(repository, refusal), hint: pathHint(place) };
}

function describe(repository: string, refusal: Refusal): string {
  return refusal === "path"
    ? `it has no place for "${repository}" (HTTP 404)`
    : `it answers ${refusal} to a push to "${repository}"`;
}

function pathHint(place: string): string {
  return `See that ${place} exists in the registry and takes new images, or name another one with --registry HOST/PATH`;
}

/** Something else answers. */
export function noRegistry({ location, url }: PushAttempt, what: string): CliError {
  return new CliError(
    "NotARegistry",
    `Cannot push to registry "${location}": no registry answers at ${url} (${what})`,
    {
      hint:
        what === "it speaks TLS"
          ? "Name it with https: --registry-url https://HOST:PORT, or leave --registry-url out"
          : "See the host and the port; --registry-url names the registry's address where it is another than https://HOST",
    },
  );
}

const AUTHORITY = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE|DEPTH_ZERO/;
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "its name cannot be looked up",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "no way leads there",
  ENETUNREACH: "no way leads there",
};

interface Failure {
  name?: string;
  code?: string;
  message?: string;
  cause?: { code?: string; message?: string; reason?: string };
}

/** Any error of a try in words; what is said already stays. */
export function unreachable(attempt: PushAttempt, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const { name, code, message, cause } = (error ?? {}) as Failure;
  // The token service knows the account, or does not.
  if (code === "RegistryRefused") return pushRefused(attempt, "account", error);
  const why = cause?.code ?? "";
  const certificate = certificateFailure(attempt, { code: why, reason: cause?.reason, cause: error });
  if (certificate !== undefined) return certificate;
  const speaksPlain = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(why);
  const reason = speaksPlain
    ? "no TLS is spoken there"
    : name === "TimeoutError"
      ? "it does not answer in 15 s"
      : why in REASONS
        ? `${REASONS[why]} (${why})`
        : (cause?.message ?? message ?? String(error));
  return new CliError(
    "RegistryUnreachable",
    `Cannot reach registry "${attempt.location}" at ${attempt.url}: ${reason}`,
    {
      hint: speaksPlain
        ? `If it speaks plain HTTP, say so: --registry-url http://${new URL(attempt.url).host}`
        : "See that it runs and that this machine reaches it; --registry-url names its address where it is another",
      cause: error,
    },
  );
}

function certificateFailure(
  { location, url }: PushAttempt,
  { code, reason, cause }: { code: string; reason: string | undefined; cause: unknown },
): CliError | undefined {
  const untrusted = (state: string, hint: string): CliError =>
    new CliError("RegistryUntrusted", `Cannot trust registry "${location}" at ${url}: ${state}`, {
      hint,
      cause,
    });
  if (code === "CERT_HAS_EXPIRED")
    return untrusted(
      "its certificate has expired",
      "It has to be renewed at the registry; or see this machine's clock",
    );
  if (code === "CERT_NOT_YET_VALID")
    return untrusted(
      "its certificate is not valid yet",
      "One of the two clocks is wrong: see date here and there",
    );
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return untrusted(
      `its certificate is for another name (${reason ?? code})`,
      "Use a name of its certificate, with --registry HOST/PATH or --registry-url",
    );
  if (!AUTHORITY.test(code)) return undefined;
  return untrusted(
    `its certificate is of an authority that this machine does not know (${code})`,
    "Name the authority's file for this command: NODE_EXTRA_CA_CERTS=FILE jdos install ...; the cluster's nodes have to know it too",
  );
}
