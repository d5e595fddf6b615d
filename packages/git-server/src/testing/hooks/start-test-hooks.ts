import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Application,
  Applications,
  type Build,
  Builds,
  ClusterRoleBindings,
  ClusterRoles,
  type ForgeName,
  JDOS_DEFINITIONS,
  Namespaces,
  ServiceAccounts,
  type Webhook,
  Webhooks,
} from "@jdos/api";
import { webhookSecret } from "@jdos/api/webhook-secret";
import type { KubeObject, ResourceType } from "@jdos/apimachinery";
import { startTestServer, type TestServer } from "@jdos/apiserver/testing";
import type { Client, Stored } from "@jdos/client";
import { silentLogger } from "@jdos/component-base/testing";
import { parseAllDocuments } from "yaml";
import { type Hooks, type HooksOptions, startHooks } from "../../hooks/start.ts";
import { createServer } from "../../server.ts";

export const MASTER_KEY = "test-master-key";
const USER = { name: "system:serviceaccount:jdos-system:git-server" };
const MANIFEST = join(import.meta.dirname, "../../../../../manifests/git-server-rbac.yaml");
const URL_OF_SHOP = "https://git.example.org/octocat/shop.git";

export interface TestHooks {
  readonly server: TestServer;
  /** May do everything. */
  readonly client: Client;
  readonly url: string;
  readonly dataDirectory: string;
  hooks: Hooks;
  /** A webhook of application "shop", which is made too where there is none. */
  createHook(forge: ForgeName, name?: string): Promise<{ webhook: Stored<Webhook>; secret: string }>;
  createShop(spec?: Partial<Application["spec"]>): Promise<Stored<Application>>;
  post(
    name: string,
    body: string | Buffer,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: { message?: string } & Record<string, unknown> }>;
  builds(): Promise<Stored<Build>[]>;
  endBuild(name: string, phase: "Succeeded" | "Failed"): Promise<void>;
  /** Resolves with the first state of a webhook that satisfies `done`. */
  until(name: string, done: (webhook: Stored<Webhook>) => boolean): Promise<Stored<Webhook>>;
  /** Ends the hooks as they are and starts them over the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** An API server in memory and the hooks over real HTTP, with their own rights alone. */
export async function startTestHooks(options: Partial<HooksOptions> = {}): Promise<TestHooks> {
  const server = await startTestServer({ crds: JDOS_DEFINITIONS });
  const client = server.adminClient();
  await applyRights(client);
  await client.create(Namespaces, { metadata: { name: "demo" } });
  const dataDirectory = mkdtempSync(join(tmpdir(), "jdos-hooks-"));
  const begin = () =>
    startHooks({
      client: server.clientFor(USER),
      log: silentLogger(),
      dataDirectory,
      masterKey: MASTER_KEY,
      publicUrl: "http://git.test:8080",
      ...options,
    });
  const running = { hooks: await begin() };
  const web = createServer({ hooks: (handled) => running.hooks.handler(handled) }, silentLogger());
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;

  const until: TestHooks["until"] = async (name, done) => {
    let last: unknown;
    const signal = AbortSignal.timeout(10_000);
    try {
      for await (const event of await client.watch(Webhooks, { namespace: "demo", signal })) {
        if (event.type === "BOOKMARK" || event.object.metadata.name !== name) continue;
        last = event.object;
        if (done(event.object)) return event.object;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    throw new Error(`Webhook "${name}" did not get there: ${JSON.stringify(last, undefined, 1)}`);
  };

  return {
    server,
    client,
    url,
    dataDirectory,
    get hooks() {
      return running.hooks;
    },
    createShop: (spec = {}) =>
      client.create(Applications, {
        metadata: { namespace: "demo", name: "shop" },
        spec: { source: { git: { url: URL_OF_SHOP } }, ...spec },
      }),
    async createHook(forge, name = "shop") {
      const webhook = await client.create(Webhooks, {
        metadata: { namespace: "demo", name },
        spec: { application: "shop", forge },
      });
      await until(name, ({ status }) => status?.url !== undefined);
      return { webhook, secret: webhookSecret(MASTER_KEY, { uid: webhook.metadata.uid }) };
    },
    async post(name, body, headers) {
      const response = await fetch(`${url}/hooks/demo/${name}`, {
        method: "POST",
        body: body as never,
        headers,
      });
      return { status: response.status, body: (await response.json()) as never };
    },
    async builds() {
      await running.hooks.idle();
      return [...(await client.list(Builds, { namespace: "demo" })).items].sort(
        (a, b) => a.spec.number - b.spec.number,
      );
    },
    async endBuild(name, phase) {
      const reason = phase === "Succeeded" ? "BuildSucceeded" : "BuildFailed";
      const condition = {
        type: "Succeeded",
        status: phase === "Succeeded" ? "True" : "False",
        reason,
        message: `It ${phase}`,
      };
      await client.patch(
        Builds,
        { namespace: "demo", name },
        { type: "merge", body: { status: { phase, conditions: [condition] } } },
        { subresource: "status" },
      );
    },
    until,
    async restart() {
      await running.hooks.stop();
      running.hooks = await begin();
    },
    async stop() {
      web.closeAllConnections();
      web.close();
      await running.hooks.stop();
      await server.stop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

const TYPES: readonly ResourceType[] = [ServiceAccounts, ClusterRoles, ClusterRoleBindings];

export async function applyRights(client: Client): Promise<void> {
  await client.create(Namespaces, { metadata: { name: "jdos-system" } });
  for (const document of parseAllDocuments(readFileSync(MANIFEST, "utf8"))) {
    const object = document.toJS() as KubeObject;
    const type = TYPES.find(({ kind }) => kind === object.kind);
    if (type === undefined) throw new Error(`no type for ${object.kind}`);
    await client.create(type, object);
  }
}

function hmac(secret: string, text: string | Buffer, encoding: "hex" | "base64" = "hex"): string {
  return createHmac("sha256", secret).update(text).digest(encoding);
}

export interface SignOptions {
  id?: string;
  event?: string;
}

/** The headers with which each forge sends a body. */
export const signed = {
  github: (
    secret: string,
    body: string | Buffer,
    { id = randomUUID(), event = "push" }: SignOptions = {},
  ) => ({
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-delivery": id,
    "x-github-event": event,
    "x-github-hook-id": "292430182",
    "x-hub-signature-256": `sha256=${hmac(secret, body)}`,
  }),
  gitlab: (secret: string, _body: string, { id = randomUUID(), event = "Push Hook" }: SignOptions = {}) => ({
    "content-type": "application/json",
    "user-agent": "GitLab/17.5.0",
    "idempotency-key": id,
    "x-gitlab-event": event,
    "x-gitlab-event-uuid": randomUUID(),
    "x-gitlab-token": secret,
  }),
  gitea: (secret: string, body: string, { id = randomUUID(), event = "push" }: SignOptions = {}) => ({
    "content-type": "application/json",
    "x-gitea-delivery": id,
    "x-gitea-event": event,
    "x-gitea-event-type": event,
    "x-gitea-signature": hmac(secret, body),
    "x-github-delivery": id,
    "x-github-event": event,
    "x-gogs-event": event,
    "x-gogs-signature": hmac(secret, body),
    "x-hub-signature": "sha1=0000000000000000000000000000000000000000",
    "x-hub-signature-256": `sha256=${hmac(secret, body)}`,
  }),
  forgejo: (secret: string, body: string, { id = randomUUID(), event = "push" }: SignOptions = {}) => ({
    ...signed.gitea(secret, body, { id, event }),
    "x-forgejo-delivery": id,
    "x-forgejo-event": event,
    "x-forgejo-event-type": event,
    "x-forgejo-signature": hmac(secret, body),
  }),
  standard: (
    secret: string,
    body: string,
    { id = randomUUID(), at = Date.now() }: { id?: string; at?: number } = {},
  ) => {
    const timestamp = String(Math.floor(at / 1000));
    return {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${hmac(secret, `${id}.${timestamp}.${body}`, "base64")}`,
    };
  },
};
