import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { StatusError } from "@jdos/apimachinery";
import type { Logger } from "@jdos/component-base";
import { certificateUser } from "../authentication/client-certificate.ts";
import { ANONYMOUS } from "../authentication/groups.ts";
import { impersonate, impersonationOf } from "../authentication/impersonation.ts";
import type { TokenAuthenticator } from "../authentication/token-authenticator.ts";
import type { Core, User } from "../registry/call.ts";
import { failure, statusErrorOf } from "./answer.ts";
import { MAX_BODY_BYTES, tooLarge } from "./body.ts";
import type { ApiRequest, ApiResponse } from "./request.ts";
import { send } from "./send.ts";

export interface HttpServerOptions {
  core: Core;
  tls: { certPem: string; keyPem: string; clientCaPem: string };
  tokens: TokenAuthenticator;
  log: Logger;
  answer(request: ApiRequest): Promise<ApiResponse>;
  upgrade(request: ApiRequest, socket: Duplex, head: Buffer): Promise<void>;
}

/** The HTTPS door. Certificates are asked for and not demanded: tokens and anonymous callers come in too. */
export function createHttpServer(options: HttpServerOptions): Server {
  const { certPem, keyPem, clientCaPem } = options.tls;
  const server = createServer(
    {
      cert: certPem,
      key: keyPem,
      ca: clientCaPem,
      requestCert: true,
      rejectUnauthorized: false,
      keepAlive: true,
      keepAliveTimeout: 120_000,
      noDelay: true,
      ALPNProtocols: ["http/1.1"],
    },
    (message, response) => void serve(options, message, response),
  );
  server.requestTimeout = 0;
  server.on(
    "upgrade",
    (message: IncomingMessage, socket: Duplex, head: Buffer) =>
      void serveUpgrade(options, message, { socket, head }),
  );
  server.on("tlsClientError", (error) => options.log.debug({ err: error }, "TLS handshake failed"));
  return server;
}

async function serve(
  options: HttpServerOptions,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let answer: ApiResponse;
  try {
    answer = await options.answer(requestOf(options, message, response));
  } catch (error) {
    answer = failure(statusErrorOf(error));
  }
  try {
    send(message, response, answer);
  } catch (error) {
    options.log.error({ err: error, path: message.url }, "Answer cannot be sent");
    response.destroy();
  }
}

async function serveUpgrade(
  options: HttpServerOptions,
  message: IncomingMessage,
  { socket, head }: { socket: Duplex; head: Buffer },
): Promise<void> {
  socket.on("error", (error) => options.log.debug({ err: error }, "Upgraded connection failed"));
  try {
    await options.upgrade(requestOf(options, message, socket), socket, head);
  } catch (error) {
    refuseUpgrade(socket, statusErrorOf(error));
  }
}

function refuseUpgrade(socket: Duplex, error: StatusError): void {
  const { body, headers } = failure(error);
  const lines = Object.entries({
    ...headers,
    "content-length": Buffer.byteLength(body as string),
    connection: "close",
  });
  socket.end(
    `HTTP/1.1 ${error.code} ${error.reason}\r\n${lines.map(([name, text]) => `${name}: ${text}`).join("\r\n")}\r\n\r\n${body}`,
  );
}

/** @throws StatusError Unauthorized, Forbidden */
function requestOf(
  options: HttpServerOptions,
  message: IncomingMessage,
  carrier: NodeJS.EventEmitter,
): ApiRequest {
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  let aborter: AbortController | undefined;
  return {
    method: message.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
    headers: message.headers as Record<string, string | undefined>,
    user: userOf(options, message),
    // Made when asked for: most requests never do.
    get signal() {
      if (aborter === undefined) {
        const made = new AbortController();
        carrier.once("close", () => made.abort());
        aborter = made;
      }
      return aborter.signal;
    },
    body: () => readBody(message),
    stream: () => message,
  };
}

function userOf({ core, tokens }: HttpServerOptions, message: IncomingMessage): User {
  const user = authenticated(tokens, message);
  if (message.headers["impersonate-user"] === undefined) return user;
  const wanted = impersonationOf((name) => message.headersDistinct[name] ?? [], Object.keys(message.headers));
  return wanted === undefined ? user : impersonate(core.authorizer, user, wanted);
}

function authenticated(tokens: TokenAuthenticator, message: IncomingMessage): User {
  const header = message.headers.authorization;
  if (header !== undefined) {
    const token = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
    const user = token === undefined ? undefined : tokens.authenticate(token);
    if (user === undefined) throw new StatusError("Unauthorized", "Unauthorized");
    return user;
  }
  return certificateUser(message.socket as TLSSocket) ?? ANONYMOUS;
}

function readBody(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        reject(tooLarge());
        message.removeAllListeners("data").resume();
      } else chunks.push(chunk);
    });
    message.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    message.on("error", reject);
  });
}
