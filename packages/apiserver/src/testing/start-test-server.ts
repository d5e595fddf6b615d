import { StatusError } from "@jdos/apimachinery";
import type { Client, UserInfo } from "@jdos/client";
import { ensureNamespaces } from "../bootstrap/namespaces.ts";
import { createCore } from "../core.ts";
import { InProcessClient, type RawDoor } from "../inprocess/client.ts";
import type { Core } from "../registry/call.ts";

export interface TestServerOptions {
  /** Defaults to the machine's clock. */
  now?: () => Date;
}

export interface TestServer {
  /** A client that may do everything. */
  adminClient(): Client;
  clientFor(user: UserInfo): Client;
  /** The last committed revision. */
  revision(): number;
  /** The parts, for tests that look inside. */
  readonly core: Core;
  stop(): Promise<void>;
}

const noDoor: RawDoor = {
  raw: async () => {
    throw new StatusError("NotFound", "the server could not find the requested resource");
  },
  connect: async () => {
    throw new StatusError("NotFound", "the server could not find the requested resource");
  },
};

/** Starts an API server in memory. It lives until stop(). */
export async function startTestServer({ now }: TestServerOptions = {}): Promise<TestServer> {
  const core = createCore({ path: ":memory:", ...(now === undefined ? {} : { now }) });
  const clientFor = ({ name, groups = [] }: UserInfo) => new InProcessClient(core, noDoor, { name, groups });
  const adminClient = () => clientFor({ name: "admin", groups: ["system:masters"] });
  await ensureNamespaces(adminClient());
  return {
    adminClient,
    clientFor,
    revision: () => core.store.revision,
    core,
    stop: async () => core.store.close(),
  };
}
