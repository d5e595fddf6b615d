import { createHash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type Application, Applications, type Webhook, Webhooks } from "@jdos/api";
import { webhookSecret } from "@jdos/api/webhook-secret";
import type { InformerFactory, Stored } from "@jdos/client";
import type { Clock } from "@jdos/component-base";
import { GitServerError, toGitServerError } from "../errors.ts";
import type { HandledRequest, Handler } from "../handler.ts";
import { answerUnread, BodyReader } from "./body.ts";
import { decodePayload } from "./decode.ts";
import type { Verdict } from "./deliveries/delivery.ts";
import type { DeliveryStore } from "./deliveries/store.ts";
import type { Forge, Received } from "./forges/forge.ts";
import { forgeOf, signerOf } from "./forges/forges.ts";
import { judge } from "./judge.ts";
import type { HookMetrics, RequestResult } from "./metrics.ts";
import { Rate } from "./rate.ts";
import { headerOf } from "./signature.ts";

export interface ReceiverOptions {
  informers: InformerFactory;
  store: DeliveryStore;
  masterKey: string;
  clock: Clock;
  metrics: HookMetrics;
  /** Called when something is to be done about a Webhook. */
  wake(webhook: Stored<Webhook>): void;
  /** Called for what was not signed by a Webhook that there is. */
  unsigned(webhook: Stored<Webhook>): void;
  /** Of one body. Defaults to 25 MiB, as much as GitHub sends. */
  maxBodyBytes?: number;
}

const MEBIBYTE = 1024 * 1024;
const MAX_BODY_BYTES = 25 * MEBIBYTE;
const MAX_BODIES_BYTES = 128 * MEBIBYTE;
const BODY_MILLIS = 30_000;
/** Requests of an address, those of them that are refused, and deliveries of a hook that are signed. */
const REQUESTS = { perSecond: 200, burst: 4000 };
const REFUSED = { perSecond: 2, burst: 60 };
const SIGNED = { perSecond: 50, burst: 3000 };
/**
 * An address that was refused too often sends no more than this. It is not shut out: a forge's addresses are shared,
 * and somebody else's mistake must not keep deliveries away.
 */
const SUSPECT_BYTES = MEBIBYTE;
const RETRY_SECONDS = 30;

/** POST /hooks/<system>/<webhook>: takes deliveries, keeps them, and leaves the work to the controller. */
export function createReceiver(options: ReceiverOptions): Handler {
  const { clock, maxBodyBytes = MAX_BODY_BYTES } = options;
  const gate: Gate = {
    requests: new Rate({ ...REQUESTS, clock }),
    refused: new Rate({ ...REFUSED, clock }),
    signed: new Rate({ ...SIGNED, clock }),
    bodies: new BodyReader({
      maxBytes: maxBodyBytes,
      maxBytesTogether: Math.max(MAX_BODIES_BYTES, maxBodyBytes),
      timeoutMillis: BODY_MILLIS,
    }),
    nobody: randomBytes(32).toString("hex"),
  };
  return async (handled) => {
    const { request, response } = handled;
    try {
      const { status, body } = await receive(handled, { ...options, ...gate });
      send(response, status, body);
    } catch (error) {
      const refusal = toGitServerError(error);
      const result = RESULTS[refusal.code] ?? "failed";
      options.metrics.count(result);
      if (result !== "failed" && result !== "limited") gate.refused.take(addressOf(request));
      if (refusal.httpStatus >= 500 && refusal.code !== "Unavailable") throw error;
      await answerUnread(request, response, {
        status: refusal.httpStatus,
        text: `${JSON.stringify(refusal.toBody())}\n`,
        headers: {
          ...(result === "limited" ? { "retry-after": String(RETRY_SECONDS) } : {}),
          ...(refusal.code === "MethodNotAllowed" ? { allow: "POST" } : {}),
        },
      });
    }
  };
}

const RESULTS: Readonly<Record<string, RequestResult>> = {
  Unauthorized: "unsigned",
  TooLarge: "too_large",
  TooManyRequests: "limited",
  Unavailable: "limited",
  BadRequest: "unreadable",
  Invalid: "unreadable",
  UnsupportedMediaType: "unreadable",
  NotFound: "unreadable",
  MethodNotAllowed: "unreadable",
};

interface Gate {
  requests: Rate;
  refused: Rate;
  signed: Rate;
  bodies: BodyReader;
  /** The uid of hooks that there are not: their secret is nobody's. */
  nobody: string;
}

interface Answer {
  status: number;
  body: { id: string; message: string } & Partial<Verdict>;
}

async function receive(
  { request, segments, url }: HandledRequest,
  options: ReceiverOptions & Gate,
): Promise<Answer> {
  const [namespace = "", name = ""] = segments;
  if (segments.length !== 2 || namespace === "" || name === "")
    throw new GitServerError("NotFound", `Cannot find "${url.pathname}"`, {
      hint: "Webhooks are /hooks/<system>/<webhook>",
    });
  if (request.method !== "POST")
    throw new GitServerError("MethodNotAllowed", `Cannot ${request.method} a webhook: forges send by POST`);
  const address = addressOf(request);
  if (!options.requests.take(address))
    throw limited(`more than ${REQUESTS.perSecond} a second come from there`);
  options.bodies.refuseLarge(request);
  if (!options.refused.has(address) && !isSmall(request))
    throw limited("too many from there were refused, and this is a large one");
  const signer = signerOf(request.headers);
  const webhook = options.informers.for(Webhooks).lister.get({ namespace, name });
  if (signer === undefined) throw unauthorized(webhook, options);
  const received: Received = { headers: request.headers, body: await options.bodies.read(request) };
  const known = webhook?.metadata.deletionTimestamp === undefined ? webhook : undefined;
  // Who guesses names learns nothing: what is not there is checked as what is.
  const forge = known === undefined ? signer : forgeOf(known.spec.forge);
  const secret = webhookSecret(options.masterKey, {
    uid: known?.metadata.uid ?? options.nobody,
    secretVersion: known?.spec.secretVersion,
  });
  if (!forge.verify(received, secret, options.clock.now()) || known === undefined)
    throw unauthorized(webhook, options);
  if (!options.signed.take(known.metadata.uid)) throw limited(`more than ${SIGNED.perSecond} a second come`);
  return keep(received, { webhook: known, forge }, options);
}

async function keep(
  received: Received,
  { webhook, forge }: { webhook: Stored<Webhook>; forge: Forge },
  { store, informers, clock, metrics, wake }: ReceiverOptions,
): Promise<Answer> {
  const event = forge.read(received.headers, decodePayload(received));
  const id = idOf(forge.deliveryId(received.headers), received.body);
  const { namespace = "" } = webhook.metadata;
  const name = webhook.spec.application;
  const application: Stored<Application> | undefined = informers
    .for(Applications)
    .lister.get({ namespace, name });
  const judgement = judge(event, name, application);
  const verdict: Verdict =
    "verdict" in judgement ? judgement.verdict : { outcome: "Queued", message: "It is being handled" };
  const fresh = await store.record({
    hook: webhook.metadata.uid,
    id,
    time: clock.now().toISOString(),
    event,
    ...verdict,
    body: received.body,
    headers: kept(received.headers, forge),
    unique: forge.signsBodyAlone,
  });
  metrics.count(fresh ? "accepted" : "replayed");
  if (!fresh) return { status: 200, body: { id, message: "It was already received" } };
  wake(webhook);
  return { status: verdict.outcome === "Queued" ? 202 : 200, body: { id, ...verdict } };
}

/** What is needed to read the body again. */
function kept(headers: IncomingHttpHeaders, { eventHeaders }: Forge): Record<string, string> {
  const names = ["content-type", ...eventHeaders];
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headerOf(headers, name)]])),
  );
}

/** A forge that calls it nothing usable: it is called by its body. */
function idOf(given: string | undefined, body: Buffer): string {
  if (given !== undefined && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(given)) return given;
  return `sha256-${createHash("sha256").update(body).digest("hex").slice(0, 32)}`;
}

function unauthorized(webhook: Stored<Webhook> | undefined, { unsigned }: ReceiverOptions): GitServerError {
  if (webhook !== undefined) unsigned(webhook);
  return new GitServerError(
    "Unauthorized",
    "Cannot accept the delivery: there is no such webhook, or its signature is wrong",
    { hint: "See that the forge has the secret that jdos hooks create (or rotate) printed" },
  );
}

function limited(why: string): GitServerError {
  return new GitServerError("TooManyRequests", `Cannot accept the delivery: ${why}`, {
    hint: `Send it again after ${RETRY_SECONDS} s`,
  });
}

function isSmall({ headers }: IncomingMessage): boolean {
  return Number(headers["content-length"] ?? Number.POSITIVE_INFINITY) <= SUSPECT_BYTES;
}

/** The last proxy's word for it; who reaches this port without one may lie, and is bounded by what hooks may take. */
function addressOf({ headers, socket }: IncomingMessage): string {
  const forwarded = headerOf(headers, "x-forwarded-for").split(",").at(-1)?.trim();
  return forwarded || (socket.remoteAddress ?? "unknown");
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
