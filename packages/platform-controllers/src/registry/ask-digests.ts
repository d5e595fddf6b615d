import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import {
  basicAuthorization,
  type ImageName,
  parseChallenge,
  type RegistryCredential,
} from "@jdos/component-base";
import { http } from "@jdos/component-base/http";
import type { Reachable } from "../notice/reachable.ts";

export interface AskOptions {
  /** Where the registry's API answers. */
  url: string;
  credential?: RegistryCredential | undefined;
  /** For a registry that a user named: what it leads to is not asked but where the user may reach it. */
  reachable?: Reachable | undefined;
  signal: AbortSignal;
}

const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");
const MAX_BYTES = 4 * 1024 * 1024;

/** What a tag stands for now. */
export interface TagDigests {
  /** Of its manifest, or of an index where it has one. */
  readonly own: string;
  /** That, and those of the manifests of an index. */
  readonly all: ReadonlySet<string>;
}

/** Where Docker Hub's registry answers. */
const DOCKER_HUB = "registry-1.docker.io";

/** Where a name of somebody's choice is asked for: by TLS, but on loopback, as Docker does. */
export function registryUrl(host: string): string {
  const isLoopback = /^(127\.|localhost(:|$))/.test(host);
  return `${isLoopback ? "http" : "https"}://${host === "docker.io" ? DOCKER_HUB : host}`;
}

/**
 * Asks a registry what an image's tag stands for. Rejects with a sentence of why it cannot be told. Follows no redirect.
 * Source: OCI distribution specification; CNCF distribution, token authentication.
 */
export async function askDigests(name: ImageName, options: AskOptions): Promise<TagDigests> {
  const { repository, tag = "latest" } = name;
  const url = new URL(`/v2/${repository}/manifests/${tag}`, options.url);
  const first = await get(url, options, { accept: MANIFESTS });
  const authorization = first.status === 401 ? await authorize(first, repository, options) : undefined;
  const answer =
    authorization === undefined ? first : await get(url, options, { accept: MANIFESTS, authorization });
  if (answer.status === 404) throw new Error(`${url.host} does not have it`);
  if (answer.status === 401 || answer.status === 403) throw new Error(`${url.host} does not give it out`);
  if (answer.status !== 200) throw new Error(`${url.host} answered HTTP ${answer.status}`);
  const own = `sha256:${createHash("sha256").update(answer.body).digest("hex")}`;
  return { own, all: new Set([own, ...partsOf(answer.body)]) };
}

/** The digests that an index names; none of what is no index. */
function partsOf(manifest: Buffer): string[] {
  try {
    const { manifests = [] } = JSON.parse(manifest.toString("utf8")) as { manifests?: { digest?: string }[] };
    return manifests.flatMap(({ digest }) => digest ?? []);
  } catch {
    throw new Error("its manifest is no JSON");
  }
}

async function authorize(
  { headers }: Answer,
  repository: string,
  options: AskOptions,
): Promise<string | undefined> {
  const { credential } = options;
  const basic = credential === undefined ? undefined : basicAuthorization(credential);
  const challenge = parseChallenge(headers["www-authenticate"]);
  const realm = challenge === undefined ? null : URL.parse(challenge.realm);
  if (realm === null) return basic;
  if (challenge?.service !== undefined) realm.searchParams.set("service", challenge.service);
  realm.searchParams.set("scope", `repository:${repository}:pull`);
  const answer = await get(realm, options, basic === undefined ? {} : { authorization: basic });
  if (answer.status !== 200) throw new Error(`${realm.host} gives no token (HTTP ${answer.status})`);
  const { token, access_token: accessToken } = JSON.parse(answer.body.toString("utf8")) as {
    token?: string;
    access_token?: string;
  };
  return `Bearer ${token ?? accessToken ?? ""}`;
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

async function get(
  url: URL,
  { reachable, signal }: AskOptions,
  headers: Record<string, string>,
): Promise<Answer> {
  if (!["http:", "https:"].includes(url.protocol)) throw new Error(`${url.protocol} is not HTTP`);
  const refused = reachable?.refusalOf(url.hostname);
  if (refused !== undefined) throw new Error(refused);
  const call = (url.protocol === "https:" ? requestTls : http.request)(url, {
    agent: false,
    headers: { "user-agent": "jdos", ...headers },
    signal,
    ...(reachable === undefined ? {} : { lookup: reachable.lookup }),
  });
  try {
    const answered = once(call, "response") as Promise<[IncomingMessage]>;
    call.end();
    const [response] = await answered;
    return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) };
  } catch (error) {
    const { name, code, message } = error as NodeJS.ErrnoException;
    if (name === "AbortError") throw new Error(`${url.host} did not answer in time`, { cause: error });
    if (code === undefined) throw new Error(message, { cause: error });
    throw new Error(`${url.host} cannot be reached (${code})`, { cause: error });
  } finally {
    call.on("error", () => {});
    call.destroy();
  }
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`it sends more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
