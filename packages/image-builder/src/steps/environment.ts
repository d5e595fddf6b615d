import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Files of the ConfigMap build-environment; each may be missing. */
export interface BuildEnvironment {
  /** Variables for the user's steps. */
  readonly variables: Readonly<Record<string, string>>;
  /** Certificate authorities, one PEM file. */
  readonly authorities?: string;
  /** Paths of the configuration of clients, by their names in the ConfigMap. */
  readonly files: Readonly<Partial<Record<"npmrc" | "pip.conf" | "apt.conf", string>>>;
}

/** Names that a proxy goes by; the only variables that Dockerfile steps get. */
export const PROXY_VARIABLES = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
] as const;

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Reads the build environment from its directory: `ca.crt`, `npmrc`, `pip.conf`, `apt.conf`, and
 * `environment` with a line NAME=value for each variable. Nothing of this process's own environment goes to the steps.
 */
export function readBuildEnvironment(directory: string): BuildEnvironment {
  const file = (name: string): string | undefined =>
    existsSync(join(directory, name)) ? join(directory, name) : undefined;
  const authorities = file("ca.crt");
  const npmrc = file("npmrc");
  const pip = file("pip.conf");
  const apt = file("apt.conf");
  const settings = file("environment");
  return {
    variables: {
      PATH,
      LANG: "C.UTF-8",
      CI: "true",
      ...(settings === undefined ? {} : parseVariables(readFileSync(settings, "utf8"))),
      ...(npmrc === undefined ? {} : { npm_config_globalconfig: npmrc }),
      ...(pip === undefined ? {} : { PIP_CONFIG_FILE: pip }),
      ...(authorities === undefined ? {} : trust(authorities)),
    },
    ...(authorities === undefined ? {} : { authorities }),
    files: { ...(npmrc && { npmrc }), ...(pip && { "pip.conf": pip }), ...(apt && { "apt.conf": apt }) },
  };
}

function trust(file: string): Record<string, string> {
  return {
    NODE_EXTRA_CA_CERTS: file,
    npm_config_cafile: file,
    SSL_CERT_FILE: file,
    CURL_CA_BUNDLE: file,
    GIT_SSL_CAINFO: file,
    PIP_CERT: file,
    REQUESTS_CA_BUNDLE: file,
  };
}

function parseVariables(text: string): Record<string, string> {
  const pairs = text.split("\n").flatMap((line) => {
    const at = line.indexOf("=");
    return at <= 0 || line.startsWith("#")
      ? []
      : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
  });
  return Object.fromEntries(pairs);
}
