declare module "dns-packet" {
  export interface Question {
    name: string;
    type: string;
    class?: string;
  }
  export interface Answer {
    name: string;
    type: string;
    ttl?: number;
    data: unknown;
    udpPayloadSize?: number;
    flags?: number;
    ednsVersion?: number;
    extendedRcode?: number;
  }
  export interface Packet {
    id?: number;
    type?: "query" | "response";
    flags?: number;
    rcode?: string;
    flag_tc?: boolean;
    flag_aa?: boolean;
    flag_ra?: boolean;
    questions?: Question[];
    answers?: Answer[];
    authorities?: Answer[];
    additionals?: Partial<Answer>[];
  }
  interface RecordCodec {
    /** The data with its length in front. */
    encode(data: unknown): Buffer;
  }
  const packet: {
    encode(packet: Packet): Buffer;
    decode(message: Uint8Array): Packet;
    record(type: string): RecordCodec;
    name: { encode(name: string): Buffer };
    RECURSION_DESIRED: number;
  };
  export default packet;
}
