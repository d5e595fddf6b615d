/** Record types by number. Source: IANA DNS parameters. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const;
export type TypeName = keyof typeof TYPE;

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type RcodeName = keyof typeof RCODE;

export const CLASS_IN = 1;
export const HEADER_BYTES = 12;

/** Bits of the second 16-bit word of the header. */
export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, CD: 0x0010 } as const;

/** What a client that says nothing can take over UDP, and what we are ready to send at most. */
export const UDP_BYTES = { minimum: 512, maximum: 1232 } as const;
