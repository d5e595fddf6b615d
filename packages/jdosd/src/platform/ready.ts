import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Deployments, Nodes } from "@jdos/api";
import { isStatus } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { http } from "@jdos/component-base/http";
import { JdosdError } from "../errors.ts";

export interface WaitOptions {
  client: Client;
  signal: AbortSignal;
  /** Defaults to 120. */
  timeoutSeconds?: number;
}

/** Waits until the Node takes Pods. */
export function waitForNode(name: string, options: WaitOptions): Promise<void> {
  return poll(options, `node "${name}" is not Ready`, async ({ client }) => {
    const node = await client.get(Nodes, { name });
    const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "True" ? undefined : (ready?.message ?? "it has not reported yet");
  });
}

/** Waits until every replica of a Deployment is available. */
export function waitForDeployment(
  key: { namespace: string; name: string },
  options: WaitOptions,
): Promise<void> {
  return poll(options, `Deployment "${key.namespace}/${key.name}" is not available`, async ({ client }) => {
    const { spec, status, metadata } = await client.get(Deployments, key);
    const wanted = spec?.replicas ?? 1;
    const available = status?.availableReplicas ?? 0;
    const observed = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
    return observed && available >= wanted ? undefined : `${available} of ${wanted} replicas available`;
  });
}

/** Waits until something accepts connections: what the API says of a Pod may be older than this start. */
export function waitForListener(at: { host: string; port: number }, options: WaitOptions): Promise<void> {
  return poll(options, `nothing listens on ${at.host}:${at.port}`, async () =>
    (await accepts(at)) ? undefined : "connections are refused",
  );
}

/** Whether a connection is accepted within a second. */
export function accepts({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

export interface RouteProbe {
  readonly address: string;
  readonly port: number;
  /** The host name of the route. */
  readonly host: string;
  readonly path: string;
}

/** Waits until a route leads to somebody who answers well. */
export function waitForRoute(at: RouteProbe, options: WaitOptions): Promise<void> {
  return poll(options, `nothing answers at ${at.host}`, async () =>
    (await answers(at)) ? undefined : "no good answer",
  );
}

/** Whether a request is answered with 200 within two seconds. */
export function answers({ address, port, host, path }: RouteProbe): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: address, port, path, headers: { host }, timeout: 2_000, agent: false };
    const request = http.get(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}

type Question = (options: WaitOptions) => Promise<string | undefined>;

async function poll(options: WaitOptions, what: string, ask: Question): Promise<void> {
  const deadline = performance.now() + (options.timeoutSeconds ?? 120) * 1000;
  for (;;) {
    const why = await ask(options).catch((error: unknown) => {
      if (isStatus(error, "NotFound")) return "it does not exist yet";
      throw error;
    });
    if (why === undefined) return;
    if (performance.now() >= deadline) {
      throw new JdosdError("NotReady", `Cannot finish the start: ${what}: ${why}`, {
        hint: "See `kubectl get pods,events -A` with the platform's kubeconfig, and the log in the data directory",
      });
    }
    await sleep(50, undefined, { signal: options.signal });
  }
}
