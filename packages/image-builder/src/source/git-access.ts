import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { redactorOf } from "../dockerfile/secrets.ts";
import { ImageBuilderError } from "../errors.ts";

export interface GitAccessOptions {
  url: string;
  /** The Secret's name, for sentences. */
  secret: string;
  /** Where it is mounted; it may not be there. */
  mounted: string;
  /** A directory that nobody else reads. */
  scratch: string;
}

/** How git reads a private repository. The credential itself stands in files of `scratch` alone. */
export interface GitAccess {
  secret: string;
  /** Without user and password. */
  url: string;
  /** Arguments before git's command. */
  config: readonly string[];
  env: Readonly<Record<string, string>>;
  /** A sentence for the log. */
  note?: string;
  redact: (line: string) => string;
}

const HTTP = /^https?:\/\//i;
const SSH = /^(?:ssh:\/\/|[^/]+@[^/]+:)/i;

/** Reads the Secret and prepares what git needs of it. @throws ImageBuilderError SourceUnauthorized */
export async function openGitAccess(options: GitAccessOptions): Promise<GitAccess> {
  const { url } = options;
  if (HTTP.test(url)) return openHttp(options);
  if (SSH.test(url)) return openSsh(options);
  throw new ImageBuilderError(
    "SourceUnauthorized",
    `Cannot use Secret "${options.secret}": a git:// URL has no login`,
    { hint: "Use the repository's https or ssh URL" },
  );
}

/**
 * git's own credential-store: it answers for the URL's scheme, host and port alone, so not for a host that a redirect
 * leads to. Source: git-credential-store(1), gitcredentials(7).
 */
async function openHttp(options: GitAccessOptions): Promise<GitAccess> {
  const { secret, scratch } = options;
  const url = new URL(options.url);
  const password = required(options, "password");
  const username = read(options, "username") ?? (decodeURIComponent(url.username) || "git");
  url.username = "";
  url.password = "";
  const file = join(scratch, "git-credentials");
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  await writeFile(file, `${url.protocol}//${login}@${url.host}\n`, { mode: 0o600 });
  return {
    secret,
    url: url.href,
    config: ["-c", `credential.helper=store --file=${file}`],
    env: {},
    redact: redactorOf([
      password,
      encodeURIComponent(password),
      Buffer.from(`${username}:${password}`).toString("base64"),
    ]),
  };
}

async function openSsh(options: GitAccessOptions): Promise<GitAccess> {
  const { secret, scratch, url } = options;
  const key = required(options, "ssh-privatekey");
  const known = read(options, "known_hosts");
  const keyFile = join(scratch, "git-key");
  const hostsFile = join(scratch, "git-known-hosts");
  await writeFile(keyFile, `${key}\n`, { mode: 0o600 });
  await writeFile(hostsFile, known === undefined ? "" : `${known}\n`, { mode: 0o600 });
  const flags = [
    "BatchMode=yes",
    "ConnectTimeout=20",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    `StrictHostKeyChecking=${known === undefined ? "accept-new" : "yes"}`,
    `UserKnownHostsFile=${hostsFile}`,
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
  ];
  const note = `ssh: Secret "${secret}" has no known_hosts, so whatever host key the server shows is taken`;
  return {
    secret,
    url,
    config: [],
    env: { GIT_SSH_COMMAND: `ssh -F /dev/null -i ${keyFile} ${flags.map((flag) => `-o${flag}`).join(" ")}` },
    ...(known === undefined ? { note } : {}),
    redact: redactorOf([key.split("\n").slice(1, -1).join("\n")]),
  };
}

type Key = "username" | "password" | "ssh-privatekey" | "known_hosts";

/** Files that people make of a token or a key end with a line end, or with that of another system. */
function read({ mounted }: GitAccessOptions, key: Key): string | undefined {
  const file = join(mounted, key);
  const text = existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim() : "";
  return text === "" ? undefined : text;
}

function required(options: GitAccessOptions, key: Key): string {
  const value = read(options, key);
  if (value !== undefined) return value;
  const { secret } = options;
  throw new ImageBuilderError(
    "SourceUnauthorized",
    `Cannot fetch the source: Secret "${secret}" is not there, or has no "${key}"`,
    {
      hint: `Make it: jdos secrets set ${secret} ${key === "password" ? "--stdin password" : "--from-file ssh-privatekey=FILE"}`,
    },
  );
}
