import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "@jdos/client";
import type { Logger, Metrics } from "@jdos/component-base";
import type { CriClient } from "../cri/cri-client.ts";
import { KubeletError } from "../errors.ts";
import type { KubeletTls } from "../options.ts";
import type { PodObject } from "../pod/pod.ts";
import type { RuntimeView } from "../runtime/runtime-view.ts";
import { type Access, createAccess } from "./access.ts";
import { cadvisorMetrics } from "./cadvisor-metrics.ts";
import { readContainerLog } from "./container-log.ts";
import { findContainer, logQuery, RequestError } from "./request.ts";
import { resourceMetrics } from "./resource-metrics.ts";
import { statsSummary } from "./stats.ts";
import { tunnelUpgrade } from "./stream-tunnel.ts";

export interface KubeletServerOptions {
  /** Asked whose token it is and who may do what. */
  client: Client;
  cri: CriClient;
  view: RuntimeView;
  pods(): readonly PodObject[];
  nodeName: string;
  cgroupParent: string;
  host: string;
  port: number;
  tls: KubeletTls;
  metrics: Metrics;
  log: Logger;
}

export interface KubeletServer {
  readonly port: number;
  stop(): Promise<void>;
}

type Serving = KubeletServerOptions & { access: Access };

/** Serves logs, streams and numbers to the API server, and to whom its authorization lets. */
export async function startKubeletServer(given: KubeletServerOptions): Promise<KubeletServer> {
  const options: Serving = { ...given, access: createAccess(given) };
  const { certPem, keyPem, clientCaPem } = options.tls;
  const server = createServer({
    cert: certPem,
    key: keyPem,
    ca: clientCaPem,
    requestCert: true,
    // Who has none may show a token.
    rejectUnauthorized: false,
  });
  const sockets = new Set<Duplex>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("request", (request, response) => {
    answer(options, request, response).catch((error: unknown) => refuse(options, response, error));
  });
  server.on("upgrade", (request, socket, head) => {
    stream(options, request, socket, head).catch((error: unknown) => refuseUpgrade(options, socket, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new KubeletError(
          "ListenFailed",
          `Cannot listen on "${options.host}:${options.port}": ${cause.message}`,
          {
            hint: "Choose another address or port",
            cause,
          },
        ),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function answer(options: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await options.access(request);
  const url = new URL(request.url ?? "/", "https://kubelet");
  const [first = "", ...rest] = url.pathname
    .split("/")
    .filter((word) => word !== "")
    .map(decodeURIComponent);
  switch (first) {
    case "healthz":
      return text(response, "ok");
    case "metrics":
      return text(response, await metricsAt(options, rest.join("/")));
    case "pods":
      return json(response, { kind: "PodList", apiVersion: "v1", metadata: {}, items: options.pods() });
    case "stats":
      return json(response, await statsSummary(options.cri, options.nodeName));
    case "containerLogs":
      return logs(options, rest, url.searchParams, response);
  }
  throw new RequestError(404, `Cannot serve "${url.pathname}": it is not a path of the kubelet`);
}

function metricsAt(options: Serving, path: string): Promise<string> {
  if (path === "") return options.metrics.text();
  if (path === "resource") return resourceMetrics(options.cri);
  if (path === "cadvisor") return cadvisorMetrics(options);
  throw new RequestError(404, `Cannot serve "/metrics/${path}": it is not a path of the kubelet`);
}

async function logs(
  options: KubeletServerOptions,
  words: readonly string[],
  parameters: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const query = logQuery(parameters);
  const { container, runtimeContainer } = await findContainer(
    options,
    words,
    parameters.get("previous") === "true",
  );
  const source = {
    path: runtimeContainer.logPath,
    isOpen: () => {
      const now = options.view.get(container.uid)?.containers.find((item) => item.id === runtimeContainer.id);
      return now?.state === "CONTAINER_RUNNING" || now?.state === "CONTAINER_CREATED";
    },
  };
  const stop = new AbortController();
  response.on("close", () => stop.abort());
  response.writeHead(200, { "content-type": "text/plain", "transfer-encoding": "chunked" });
  response.flushHeaders();
  const lines = readContainerLog(source, query, stop.signal);
  await pipeline(Readable.from(lines), response).catch((error: NodeJS.ErrnoException) => {
    if (!stop.signal.aborted) throw error;
  });
}

async function stream(
  options: Serving,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  await options.access(request);
  const url = new URL(request.url ?? "/", "https://kubelet");
  const [verb, ...words] = url.pathname
    .split("/")
    .filter((word) => word !== "")
    .map(decodeURIComponent);
  const on = (name: string) => ["1", "true"].includes(url.searchParams.get(name) ?? "");
  const flags = {
    tty: on("tty"),
    stdin: on("stdin") || on("input"),
    stdout: on("stdout") || on("output"),
    stderr: on("stderr") || on("error"),
  };
  let target: string;
  if (verb === "portForward") {
    const [namespace, name] = words;
    const pod = options
      .pods()
      .find((item) => item.metadata.namespace === namespace && item.metadata.name === name);
    const sandbox =
      pod === undefined
        ? undefined
        : options.view.get(pod.metadata.uid)?.sandboxes.find((item) => item.ready);
    if (sandbox === undefined)
      throw new RequestError(404, `Cannot forward to pod "${name}": it has no running sandbox`);
    const ports = url.searchParams
      .getAll("port")
      .map(Number)
      .filter((port) => port > 0);
    target = await options.cri.portForward(sandbox.id, ports);
  } else if (verb === "exec" || verb === "attach") {
    const { runtimeContainer } = await findContainer(options, words, false);
    if (runtimeContainer.state !== "CONTAINER_RUNNING") {
      throw new RequestError(400, `Cannot ${verb} in container "${runtimeContainer.name}": it does not run`);
    }
    const containerId = runtimeContainer.id;
    const stderr = flags.stderr && !flags.tty;
    target =
      verb === "exec"
        ? await options.cri.exec({ ...flags, stderr, containerId, cmd: url.searchParams.getAll("command") })
        : await options.cri.attach({ ...flags, stderr, containerId });
  } else throw new RequestError(404, `Cannot serve "${url.pathname}": it is not a stream of the kubelet`);
  tunnelUpgrade(request, socket, head, target);
}

function text(response: ServerResponse, body: string): void {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(body);
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function refuse({ log }: KubeletServerOptions, response: ServerResponse, error: unknown): void {
  const status = error instanceof RequestError ? error.status : 500;
  if (status === 500) log.warn({ err: error }, "Cannot answer");
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { "content-type": "text/plain" }).end((error as Error).message);
}

function refuseUpgrade({ log }: KubeletServerOptions, socket: Duplex, error: unknown): void {
  const status = error instanceof RequestError ? error.status : 500;
  if (status === 500) log.warn({ err: error }, "Cannot open the stream");
  const body = Buffer.from((error as Error).message);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
