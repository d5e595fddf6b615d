import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import dnsPacket, { type Packet, type Question } from "dns-packet";

export interface FakeUpstream {
  readonly address: string;
  readonly port: number;
  /** Questions that came over UDP. */
  readonly asked: string[];
  /** What it says; undefined: nothing at all. */
  reply(handler: (question: Question, tcp: boolean) => Packet | undefined): void;
  close(): void;
}

/** A name server on 127.0.0.1 that says what a test wants. */
export async function startFakeUpstream(): Promise<FakeUpstream> {
  const udp = createSocket("udp4");
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  const { port } = udp.address();
  const asked: string[] = [];
  let handler: (question: Question, tcp: boolean) => Packet | undefined = () => undefined;
  const answer = (message: Buffer, tcp: boolean): Buffer | undefined => {
    const query = dnsPacket.decode(message);
    const question = query.questions![0]!;
    if (!tcp) asked.push(`${question.name} ${question.type}`);
    const packet = handler(question, tcp);
    return packet && dnsPacket.encode({ type: "response", id: query.id, questions: [question], ...packet });
  };
  udp.on("message", (message, from) => {
    const reply = answer(message, false);
    if (reply !== undefined) udp.send(reply, from.port, from.address);
  });
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const reply = answer(data.subarray(2), true);
      if (reply === undefined) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    });
  });
  await new Promise<void>((resolve) => tcp.listen(port, "127.0.0.1", resolve));
  return {
    address: "127.0.0.1",
    port,
    asked,
    reply: (next) => {
      handler = next;
      asked.length = 0;
    },
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}
