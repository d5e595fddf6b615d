import dnsPacket from "dns-packet";
import { CLASS_IN, FLAG, RCODE, TYPE, type TypeName, UDP_BYTES } from "./constants.ts";
import type { Query } from "./query.ts";

/** Records in wire form, one buffer each. */
export interface Sections {
  readonly rcode: number;
  readonly authoritative?: boolean;
  readonly answers?: readonly Buffer[];
  readonly authorities?: readonly Buffer[];
  readonly additionals?: readonly Buffer[];
}

/** Points at the name of the question. */
const QUESTION_NAME = Buffer.from([0xc0, 0x0c]);

export interface RecordOptions {
  /** Absent: the name that was asked for. */
  name?: string;
  type: Exclude<TypeName, "OPT" | "ANY">;
  ttlSeconds: number;
  data: unknown;
}

/** One record in wire form. `data` is what dns-packet takes for the type. */
export function encodeRecord({ name, type, ttlSeconds, data }: RecordOptions): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(TYPE[type], 0);
  fixed.writeUInt16BE(CLASS_IN, 2);
  fixed.writeUInt32BE(ttlSeconds, 4);
  const owner = name === undefined ? QUESTION_NAME : dnsPacket.name.encode(name);
  return Buffer.concat([owner, fixed, dnsPacket.record(type).encode(data)]);
}

/**
 * The message that answers a query. Over UDP it is cut at a record when it is too long for the client, and says
 * so, so that the client asks again over TCP.
 */
export function buildAnswer(query: Query, sections: Sections, overTcp: boolean): Buffer {
  const { answers = [], authorities = [], additionals = [] } = sections;
  const opt = query.edns === undefined ? undefined : optRecord(sections.rcode >> 4);
  const limit = (overTcp ? 65535 : query.maxBytes) - query.questionEnd - (opt?.length ?? 0);
  const fitted = { bytes: 0, truncated: false };
  const take = (records: readonly Buffer[], required: boolean): Buffer[] =>
    records.filter((record) => {
      if (fitted.truncated || fitted.bytes + record.length > limit) {
        if (required) fitted.truncated = true;
        return false;
      }
      fitted.bytes += record.length;
      return true;
    });
  const sent = [take(answers, true), take(authorities, true), take(additionals, false)];
  if (opt !== undefined) sent[2]!.push(opt);

  const head = Buffer.from(query.message.subarray(0, query.questionEnd));
  const kept = query.flags & (0x7800 | FLAG.RD | FLAG.CD);
  const said = FLAG.QR | FLAG.RA | (sections.authoritative ? FLAG.AA : 0) | (fitted.truncated ? FLAG.TC : 0);
  head.writeUInt16BE(kept | said | (sections.rcode & 15), 2);
  for (const [index, records] of sent.entries()) head.writeUInt16BE(records.length, 6 + 2 * index);
  return Buffer.concat([head, ...sent.flat()]);
}

/** The answer to what could not be read: only its id is repeated. */
export function formatError(message: Buffer): Buffer | undefined {
  if (message.length < 4 || (message[2]! & 0x80) !== 0) return undefined;
  const head = Buffer.alloc(12);
  head.writeUInt16BE(message.readUInt16BE(0), 0);
  head.writeUInt16BE((message.readUInt16BE(2) & (0x7800 | FLAG.RD)) | FLAG.QR | RCODE.FORMERR, 2);
  return head;
}

function optRecord(extendedRcode: number): Buffer {
  const record = Buffer.alloc(11);
  record.writeUInt16BE(TYPE.OPT, 1);
  record.writeUInt16BE(UDP_BYTES.maximum, 3);
  record[5] = extendedRcode;
  return record;
}
