import { DnsError } from "../errors.ts";
import { HEADER_BYTES, TYPE, UDP_BYTES } from "./constants.ts";
import { skipName } from "./walk.ts";

/** One question as it came. */
export interface Query {
  readonly message: Buffer;
  readonly id: number;
  readonly opcode: number;
  /** The second word of the header. */
  readonly flags: number;
  /** Lower case, without the last dot; "" is the root. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Where the question ends: what an answer repeats. */
  readonly questionEnd: number;
  readonly edns?: { readonly version: number; readonly dnssecOk: boolean };
  /** How long an answer over UDP may be. */
  readonly maxBytes: number;
}

/** Reads a message with exactly one question. @throws DnsError Malformed */
export function parseQuery(message: Buffer): Query {
  if (message.length < HEADER_BYTES) throw malformed("shorter than a header");
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) throw malformed("an answer, not a question");
  if (message.readUInt16BE(4) !== 1) throw malformed("not exactly one question");
  const { name, end } = readQuestionName(message);
  if (end + 4 > message.length) throw malformed("question cut off");
  const edns = readEdns(message, end + 4);
  return {
    message,
    id: message.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    flags,
    name,
    type: message.readUInt16BE(end),
    class: message.readUInt16BE(end + 2),
    questionEnd: end + 4,
    ...(edns === undefined ? {} : { edns }),
    maxBytes: Math.min(Math.max(edns?.bytes ?? 0, UDP_BYTES.minimum), UDP_BYTES.maximum),
  };
}

function malformed(why: string): DnsError {
  return new DnsError("Malformed", `Cannot read the question: ${why}`);
}

function readQuestionName(message: Buffer): { name: string; end: number } {
  let offset = HEADER_BYTES;
  let name = "";
  for (;;) {
    const length = message[offset];
    if (length === undefined || length > 63) throw malformed("name is not valid");
    offset++;
    if (length === 0) break;
    if (offset + length > message.length) throw malformed("name cut off");
    name += `${name === "" ? "" : "."}${message.toString("latin1", offset, offset + length)}`;
    offset += length;
    if (offset - HEADER_BYTES > 255) throw malformed("name too long");
  }
  return { name: name.toLowerCase(), end: offset };
}

function readEdns(message: Buffer, start: number) {
  const before = message.readUInt16BE(6) + message.readUInt16BE(8);
  const additional = message.readUInt16BE(10);
  let offset = start;
  for (let index = 0; index < before + additional; index++) {
    const at = skipName(message, offset);
    if (at + 10 > message.length) throw malformed("record cut off");
    if (index >= before && message.readUInt16BE(at) === TYPE.OPT) {
      const bytes = message.readUInt16BE(at + 2);
      return { bytes, version: message[at + 5]!, dnssecOk: (message[at + 6]! & 0x80) !== 0 };
    }
    offset = at + 10 + message.readUInt16BE(at + 8);
  }
  return undefined;
}
