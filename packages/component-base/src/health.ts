import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "@jdos/apimachinery";
import { ComponentError } from "./errors.ts";
import { http } from "./http.ts";
import type { Metrics } from "./metrics.ts";
import type { Running } from "./shutdown.ts";

/** Resolves when all is well; throws the reason when not. */
export type HealthCheck = () => Promise<void> | void;

export interface HealthOptions {
  /** Is the process worth keeping? */
  live?: Readonly<Record<string, HealthCheck>>;
  /** May it be given work? */
  ready?: Readonly<Record<string, HealthCheck>>;
}

export interface HealthReport {
  readonly ok: boolean;
  /** One line a check, as the API server's /readyz?verbose writes them. */
  readonly text: string;
}

export interface Health {
  live(): Promise<HealthReport>;
  ready(): Promise<HealthReport>;
}

export function createHealth({ live = {}, ready = {} }: HealthOptions): Health {
  return { live: () => report("livez", live), ready: () => report("readyz", ready) };
}

async function report(name: string, checks: Readonly<Record<string, HealthCheck>>): Promise<HealthReport> {
  const lines: string[] = [];
  let ok = true;
  for (const [check, run] of Object.entries(checks)) {
    try {
      await run();
      lines.push(`[+]${check} ok`);
    } catch (error) {
      ok = false;
      lines.push(`[-]${check} failed: ${messageOf(error)}`);
    }
  }
  lines.push(`${name} check ${ok ? "passed" : "failed"}`);
  return { ok, text: `${lines.join("\n")}\n` };
}

export interface HealthServerOptions {
  health: Health;
  metrics?: Metrics;
  host?: string;
  port: number;
}

/** Serves /livez, /readyz, /healthz and /metrics over plain HTTP. */
export async function startHealthServer(options: HealthServerOptions): Promise<Running & { port: number }> {
  const { host = "127.0.0.1", port } = options;
  const server = http.createServer((request, response) => {
    void answer(request, response, options);
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new ComponentError(
      "ListenFailed",
      `Cannot listen on ${host}:${port}: the port is taken or not allowed`,
      {
        hint: "Free the port or choose another",
        cause,
      },
    );
  }
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: HealthServerOptions,
): Promise<void> {
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/metrics" && options.metrics !== undefined) {
    response.setHeader("content-type", options.metrics.registry.contentType);
    response.end(await options.metrics.text());
    return;
  }
  if (path !== "/livez" && path !== "/readyz" && path !== "/healthz") {
    response.writeHead(404).end();
    return;
  }
  const { ok, text } = path === "/readyz" ? await options.health.ready() : await options.health.live();
  response.writeHead(ok ? 200 : 503, { "content-type": "text/plain" }).end(text);
}
