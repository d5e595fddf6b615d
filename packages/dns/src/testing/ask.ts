import { createSocket } from "node:dgram";
import { connect } from "node:net";
import dnsPacket, { type Answer, type Packet } from "dns-packet";

export interface Ask {
  port: number;
  name: string;
  type: string;
  tcp?: boolean;
  /** The size of EDNS0 to announce. */
  ednsBytes?: number;
}

/** A decoded answer with the parts tests look at. */
export interface Reply {
  readonly rcode: string;
  readonly truncated: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Partial<Answer>[];
  /** The name as it was repeated. */
  readonly question: string;
  readonly bytes: number;
}

/** Asks a server on 127.0.0.1 once; fails after 5 s. */
export async function ask(options: Ask): Promise<Reply> {
  const { name, type, ednsBytes } = options;
  const message = dnsPacket.encode({
    id: 4711,
    type: "query",
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals:
      ednsBytes === undefined ? [] : [{ name: ".", type: "OPT", udpPayloadSize: ednsBytes, flags: 0 }],
  });
  const answer = await (options.tcp ? exchangeTcp : exchangeUdp)(message, options.port);
  return replyOf(dnsPacket.decode(answer), answer.length);
}

function replyOf(packet: Packet, bytes: number): Reply {
  return {
    rcode: packet.rcode ?? "",
    truncated: packet.flag_tc ?? false,
    answers: packet.answers ?? [],
    authorities: packet.authorities ?? [],
    additionals: packet.additionals ?? [],
    question: packet.questions?.[0]?.name ?? "",
    bytes,
  };
}

/** Sends bytes as they are and returns the answer as it is. */
export function exchangeUdp(message: Buffer, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const timer = setTimeout(() => {
      socket.close();
      reject(new Error("No answer in 5 s"));
    }, 5000);
    socket.once("message", (answer) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    });
    socket.send(message, port, "127.0.0.1");
  });
}

function exchangeTcp(message: Buffer, port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = Buffer.alloc(0);
    socket.setTimeout(5000, () => socket.destroy(new Error("No answer in 5 s")));
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      resolve(received.subarray(2));
      socket.destroy();
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  });
}
