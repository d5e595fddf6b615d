import { randomInt } from "node:crypto";
import type { Logger } from "@jdos/component-base";
import dnsPacket from "dns-packet";
import { DnsError } from "../errors.ts";
import { CLASS_IN, FLAG, TYPE, UDP_BYTES } from "../wire/constants.ts";
import { AnswerCache } from "./answer-cache.ts";
import { exchange, type Upstream } from "./upstream.ts";

export interface ForwarderOptions {
  /** Asked in order; called for every question, so that it may change. */
  upstreams(): readonly Upstream[];
  log: Logger;
  /** Defaults to 2000. */
  timeoutMillis?: number;
  /** Questions under way at most. Defaults to 1000. */
  maxConcurrent?: number;
  /** Defaults to Date.now. */
  nowMillis?(): number;
}

export interface ForwardQuestion {
  readonly name: string;
  readonly type: number;
  /** Absent: the client does not speak EDNS, so the answer must not either. */
  readonly edns?: { readonly dnssecOk: boolean };
}

const ROUNDS = 2;

/** Questions for the world outside, asked of the host's own name servers. */
export class Forwarder {
  readonly #options: Required<ForwarderOptions>;
  readonly #cache: AnswerCache;
  readonly #underWay = new Map<string, Promise<Buffer>>();

  constructor({
    timeoutMillis = 2000,
    maxConcurrent = 1000,
    nowMillis = Date.now,
    ...rest
  }: ForwarderOptions) {
    this.#options = { timeoutMillis, maxConcurrent, nowMillis, ...rest };
    this.#cache = new AnswerCache({
      maxEntries: 10_000,
      maxTtlSeconds: 300,
      maxNegativeTtlSeconds: 30,
      nowMillis,
    });
  }

  /** A whole message with an id of its own, shared with nobody. @throws DnsError UpstreamFailed */
  async ask(question: ForwardQuestion): Promise<Buffer> {
    const key = `${question.type} ${question.edns === undefined ? "" : `E${question.edns.dnssecOk}`} ${question.name}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    let answer = this.#underWay.get(key);
    if (answer === undefined) {
      if (this.#underWay.size >= this.#options.maxConcurrent) {
        throw new DnsError(
          "UpstreamFailed",
          `Cannot ask for "${question.name}": too many questions under way`,
        );
      }
      answer = this.#askUpstreams(question).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, answer);
      const message = await answer;
      this.#cache.put(key, message);
      return Buffer.from(message);
    }
    return Buffer.from(await answer);
  }

  async #askUpstreams(question: ForwardQuestion): Promise<Buffer> {
    const { timeoutMillis, log } = this.#options;
    const upstreams = this.#options.upstreams();
    let last: unknown = new DnsError(
      "UpstreamFailed",
      `Cannot ask for "${question.name}": no name server is known`,
    );
    for (let round = 0; round < ROUNDS; round++) {
      for (const upstream of upstreams) {
        const message = encodeQuestion(question);
        const questionEnd = 12 + dnsPacket.name.encode(question.name).length + 4;
        try {
          const answer = await exchange({ upstream, message, questionEnd, timeoutMillis });
          // SERVFAIL and REFUSED say more of the server than of the name: another may know.
          const rcode = answer[3]! & 15;
          if (rcode !== 2 && rcode !== 5) return answer;
          last = new DnsError(
            "UpstreamFailed",
            `Cannot resolve "${question.name}": "${upstream.address}" answered code ${rcode}`,
          );
        } catch (error) {
          last = error;
          log.debug({ err: error, upstream: upstream.address }, "Name server did not answer");
        }
      }
    }
    throw last;
  }
}

function encodeQuestion({ name, type, edns }: ForwardQuestion): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(randomInt(65536), 0);
  head.writeUInt16BE(FLAG.RD, 2);
  head.writeUInt16BE(1, 4);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(type, 0);
  question.writeUInt16BE(CLASS_IN, 2);
  if (edns === undefined) return Buffer.concat([head, dnsPacket.name.encode(name), question]);
  head.writeUInt16BE(1, 10);
  const opt = Buffer.alloc(11);
  opt.writeUInt16BE(TYPE.OPT, 1);
  opt.writeUInt16BE(UDP_BYTES.maximum, 3);
  if (edns.dnssecOk) opt[7] = 0x80;
  return Buffer.concat([head, dnsPacket.name.encode(name), question, opt]);
}
