import { DnsError } from "../errors.ts";
import { HEADER_BYTES } from "./constants.ts";

/** One resource record's place in a message. */
export interface RecordPlace {
  readonly section: "answer" | "authority" | "additional";
  readonly start: number;
  readonly type: number;
  /** Where its 32-bit TTL stands. */
  readonly ttlOffset: number;
  readonly ttl: number;
  readonly dataStart: number;
  readonly end: number;
}

/** The offset after a name, compressed or not. @throws DnsError Malformed */
export function skipName(message: Buffer, start: number): number {
  let offset = start;
  for (;;) {
    const length = message[offset];
    if (length === undefined) throw new DnsError("Malformed", "Cannot read the message: name cut off");
    if (length === 0) return offset + 1;
    if ((length & 0xc0) === 0xc0) return offset + 2;
    offset += 1 + length;
  }
}

/** Every resource record of a message in order. @throws DnsError Malformed */
export function recordPlaces(message: Buffer): RecordPlace[] {
  if (message.length < HEADER_BYTES)
    throw new DnsError("Malformed", "Cannot read the message: shorter than a header");
  let offset = HEADER_BYTES;
  for (let left = message.readUInt16BE(4); left > 0; left--) offset = skipName(message, offset) + 4;
  const places: RecordPlace[] = [];
  for (const [section, at] of [
    ["answer", 6],
    ["authority", 8],
    ["additional", 10],
  ] as const) {
    for (let left = message.readUInt16BE(at); left > 0; left--) {
      const fixed = skipName(message, offset);
      if (fixed + 10 > message.length)
        throw new DnsError("Malformed", "Cannot read the message: record cut off");
      const end = fixed + 10 + message.readUInt16BE(fixed + 8);
      const ttl = message.readUInt32BE(fixed + 4);
      const type = message.readUInt16BE(fixed);
      places.push({ section, start: offset, type, ttlOffset: fixed + 4, ttl, dataStart: fixed + 10, end });
      offset = end;
    }
  }
  if (offset > message.length) throw new DnsError("Malformed", "Cannot read the message: record cut off");
  return places;
}
