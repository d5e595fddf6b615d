import type { Forwarder } from "./forward/forwarder.ts";
import { buildAnswer, formatError, type Sections } from "./wire/answer.ts";
import { CLASS_IN, FLAG, RCODE, TYPE } from "./wire/constants.ts";
import { parseQuery, type Query } from "./wire/query.ts";
import { recordPlaces } from "./wire/walk.ts";
import type { Zone, ZoneAnswer } from "./zone/zone.ts";

export interface ResolverOptions {
  zone: Zone;
  forwarder: Forwarder;
  /** False until the cluster's Services are known. */
  synced(): boolean;
  count?(source: AnswerSource, rcode: number): void;
}

export type AnswerSource = "cluster" | "forward" | "refused";

const MAX_ALIASES = 8;

/** From a message to the message that answers it. What the cluster knows is answered at once, without a promise. */
export class Resolver {
  readonly #options: ResolverOptions;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  resolve(message: Buffer, overTcp: boolean): Buffer | Promise<Buffer> | undefined {
    let query: Query;
    try {
      query = parseQuery(message);
    } catch {
      this.#options.count?.("refused", RCODE.FORMERR);
      return formatError(message);
    }
    const refusal = refusalOf(query);
    if (refusal !== undefined) return this.#send(query, { rcode: refusal }, { overTcp, source: "refused" });

    const { zone, synced } = this.#options;
    const covered = zone.covers(query.name);
    if (!covered && !query.name.endsWith(".arpa")) return this.#forward(query, overTcp);
    if (!synced() && (covered || zone.coversReverse(query.name))) {
      return this.#send(query, { rcode: RCODE.SERVFAIL }, { overTcp, source: "cluster" });
    }
    const type = query.type === TYPE.ANY ? TYPE.A : query.type;
    const answer = zone.answer(query.name, type);
    if (answer === undefined) return this.#forward(query, overTcp);
    if (answer.follow !== undefined) return this.#followAlias(query, answer, overTcp);
    return this.#send(query, answer, { overTcp, source: "cluster" });
  }

  #send(
    query: Query,
    sections: Sections,
    { overTcp, source }: { overTcp: boolean; source: AnswerSource },
  ): Buffer {
    this.#options.count?.(source, sections.rcode);
    return buildAnswer(query, sections, overTcp);
  }

  async #forward(query: Query, overTcp: boolean): Promise<Buffer> {
    const { forwarder, count } = this.#options;
    try {
      const answer = await forwarder.ask(query);
      count?.("forward", answer[3]! & 15);
      return adopt(query, answer, overTcp);
    } catch {
      return this.#send(query, { rcode: RCODE.SERVFAIL }, { overTcp, source: "forward" });
    }
  }

  /** A Service of type ExternalName: the alias, and where it leads, inside or outside. */
  async #followAlias(query: Query, first: ZoneAnswer, overTcp: boolean): Promise<Buffer> {
    const answers = [...(first.answers ?? [])];
    let next = first.follow;
    let rcode: number = RCODE.NOERROR;
    for (let hops = 0; next !== undefined && hops < MAX_ALIASES; hops++) {
      const target: string = next;
      next = undefined;
      const inside = this.#options.zone.covers(target)
        ? this.#options.zone.answer(target, query.type)
        : undefined;
      if (inside !== undefined) {
        answers.push(...(inside.answers ?? []).map((record) => renameOwner(record, target)));
        next = inside.follow;
        continue;
      }
      try {
        const message = await this.#options.forwarder.ask({ name: target, type: query.type });
        answers.push(...plainRecords(message, target));
      } catch {
        rcode = RCODE.SERVFAIL;
      }
    }
    return this.#send(query, { rcode, authoritative: true, answers }, { overTcp, source: "cluster" });
  }
}

function refusalOf(query: Query): number | undefined {
  if (query.opcode !== 0) return RCODE.NOTIMP;
  if (query.edns !== undefined && query.edns.version !== 0) return RCODE.BADVERS;
  if (query.class !== CLASS_IN) return RCODE.REFUSED;
  return undefined;
}

/** An upstream's message as the answer to this client: its id, its spelling of the name, its length. */
function adopt(query: Query, answer: Buffer, overTcp: boolean): Buffer {
  const sameQuestion = answer.readUInt16BE(4) === 1 && answer.length >= query.questionEnd;
  if (!sameQuestion) return buildAnswer(query, { rcode: answer[3]! & 15 }, overTcp);
  if (!overTcp && answer.length > query.maxBytes) {
    const cut = buildAnswer(query, { rcode: answer[3]! & 15 }, overTcp);
    cut.writeUInt16BE(cut.readUInt16BE(2) | FLAG.TC, 2);
    return cut;
  }
  query.message.copy(answer, 12, 12, query.questionEnd);
  answer.writeUInt16BE(query.id, 0);
  answer.writeUInt16BE(answer.readUInt16BE(2) | FLAG.RA | (query.flags & FLAG.RD), 2);
  return answer;
}

/** Gives a record that points at the question's name a name of its own. */
function renameOwner(record: Buffer, name: string): Buffer {
  return Buffer.concat([encodeName(name), record.subarray(2)]);
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").filter(Boolean);
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1")),
    Buffer.from([0]),
  ]);
}

/** Address records of a foreign message under one name; their data holds no compressed names. */
function plainRecords(message: Buffer, name: string): Buffer[] {
  return recordPlaces(message)
    .filter(
      ({ section, type }) =>
        section === "answer" && (type === TYPE.A || type === TYPE.AAAA || type === TYPE.TXT),
    )
    .map(({ ttlOffset, end }) => Buffer.concat([encodeName(name), message.subarray(ttlOffset - 4, end)]));
}
