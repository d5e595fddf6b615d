import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** The server behind the proxy, and who the proxy is there: its own clients show it nothing. */
export interface ProxyTarget {
  /** "https://127.0.0.1:7443" */
  server: string;
  ca?: string;
  cert?: string;
  key?: string;
}

export interface SeenRequest {
  method: string;
  /** With its query. */
  path: string;
  isWatch: boolean;
  atMillis: number;
}

/** A body on its way: what comes out instead. A generator that throws cuts the connection. */
export type BodyFault = (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer | string>;

/** What is done to a request, in this order; the parts left out are as the server would have them. */
export interface Fault {
  /** Defaults to every request. */
  matches?(request: SeenRequest): boolean;
  /** Requests it is done to. Defaults to all. */
  times?: number;
  /** The answer waits this long. */
  delayMillis?: number;
  /** Answered here: the server never hears of it. */
  answer?: { status: number; headers?: Record<string, string>; body?: string };
  /** The server hears of it, and its answer is lost with the connection. */
  loseAnswer?: boolean;
  body?: BodyFault;
}

/** A fault at work. */
export interface Injected {
  /** Requests it was done to so far. */
  readonly hits: number;
  remove(): void;
}

/** An HTTP proxy in front of an API server that does to its clients what networks, proxies and busy servers do. */
export interface FaultyProxy {
  readonly url: string;
  /** Every request that came, also those that were never answered. */
  readonly requests: readonly SeenRequest[];
  /** Where requests go from now on. */
  target: ProxyTarget;
  /** The first fault that matches a request is done to it. */
  inject(fault: Fault): Injected;
  /** Resets every connection. */
  cut(): void;
  /** As when something between drops packets: connections stay open, and nothing comes on them any more, ever. */
  freeze(): void;
  /** Connections made from now on work again. */
  thaw(): void;
  /** Nothing listens: connections are reset and refused. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
  stop(): Promise<void>;
}

export async function startFaultyProxy(target: ProxyTarget): Promise<FaultyProxy> {
  const proxy = new HttpProxy(target);
  await proxy.comeUp();
  return proxy;
}

interface Active {
  fault: Fault;
  hits: number;
}

class HttpProxy implements FaultyProxy {
  readonly requests: SeenRequest[] = [];
  target: ProxyTarget;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new Set<Socket>();
  readonly #dead = new WeakSet<Socket>();
  readonly #faults: Active[] = [];
  readonly #agents = new Map<ProxyTarget, Agent>();
  #frozen = false;
  #port = 0;

  constructor(target: ProxyTarget) {
    this.target = target;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      if (this.#frozen) this.#dead.add(socket);
      socket.on("error", () => {}).once("close", () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  inject(fault: Fault): Injected {
    const active = { fault, hits: 0 };
    this.#faults.push(active);
    return {
      get hits() {
        return active.hits;
      },
      remove: () => void this.#faults.splice(this.#faults.indexOf(active) >>> 0, 1),
    };
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) this.#dead.add(socket);
  }

  thaw(): void {
    this.#frozen = false;
  }

  async goDown(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  async comeUp(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.goDown();
    for (const agent of this.#agents.values()) agent.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = seenRequest(request);
    this.requests.push(seen);
    const { socket } = request;
    if (this.#dead.has(socket)) return;
    try {
      const fault = this.#faultFor(seen);
      if (fault.delayMillis !== undefined) await sleep(fault.delayMillis, undefined, { ref: false });
      if (socket.destroyed) return;
      if (fault.answer !== undefined) answer(response, fault.answer);
      else await this.#forward(request, response, fault);
    } catch {
      socket.resetAndDestroy();
    }
  }

  #faultFor(seen: SeenRequest): Fault {
    const active = this.#faults.find(
      ({ fault, hits }) =>
        hits < (fault.times ?? Number.POSITIVE_INFINITY) && fault.matches?.(seen) !== false,
    );
    if (active === undefined) return {};
    active.hits++;
    return active.fault;
  }

  async #forward(request: IncomingMessage, response: ServerResponse, fault: Fault): Promise<void> {
    const upstream = await this.#ask(request, response);
    if (fault.loseAnswer === true) throw new Error("lost");
    const { "transfer-encoding": _, connection: __, ...headers } = upstream.headers;
    if (fault.body !== undefined) delete headers["content-length"];
    response.writeHead(upstream.statusCode ?? 502, headers).flushHeaders();
    for await (const chunk of fault.body?.(upstream) ?? upstream) {
      if (this.#dead.has(request.socket)) return;
      response.write(chunk);
    }
    if (!this.#dead.has(request.socket)) response.end();
  }

  async #ask(request: IncomingMessage, response: ServerResponse): Promise<IncomingMessage> {
    const { server, ...tls } = this.target;
    const secure = server.startsWith("https:");
    const options: RequestOptions = {
      method: request.method,
      headers: { ...request.headers, host: new URL(server).host },
      ...(secure ? { agent: this.#agentOf(this.target), ...tls } : {}),
    };
    const outgoing = (secure ? httpsRequest : httpRequest)(new URL(request.url ?? "/", server), options);
    response.once("close", () => outgoing.destroy());
    request.pipe(outgoing);
    const [answered] = (await once(outgoing, "response")) as [IncomingMessage];
    outgoing.on("error", () => {});
    return answered;
  }

  #agentOf(target: ProxyTarget): Agent {
    const agent = this.#agents.get(target) ?? new Agent({ keepAlive: true });
    this.#agents.set(target, agent);
    return agent;
  }
}

function seenRequest({ method = "GET", url = "/" }: IncomingMessage): SeenRequest {
  const isWatch = new URL(url, "http://proxy").searchParams.get("watch") === "true";
  return { method, path: url, isWatch, atMillis: performance.now() };
}

function answer(
  response: ServerResponse,
  { status, headers = {}, body = "" }: NonNullable<Fault["answer"]>,
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}
