import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { DnsError } from "../errors.ts";
import { FLAG } from "../wire/constants.ts";

export interface Upstream {
  readonly address: string;
  /** Defaults to 53. */
  readonly port?: number;
}

export interface ExchangeOptions {
  upstream: Upstream;
  /** Whose id and question the answer must repeat. */
  message: Buffer;
  /** Where the question ends in `message`. */
  questionEnd: number;
  timeoutMillis: number;
}

/** Asks over UDP, and again over TCP when the answer was too long. @throws DnsError UpstreamFailed */
export async function exchange(options: ExchangeOptions): Promise<Buffer> {
  const answer = await overUdp(options);
  return (answer.readUInt16BE(2) & FLAG.TC) === 0 ? answer : overTcp(options);
}

/** True when the answer is to this very question. */
function fits(answer: Buffer, { message, questionEnd }: ExchangeOptions): boolean {
  if (answer.length < 12 || answer.readUInt16BE(0) !== message.readUInt16BE(0)) return false;
  if ((answer[2]! & 0x80) === 0) return false;
  // A server that cannot read the question may leave it out.
  if (answer.readUInt16BE(4) === 0) return (answer[3]! & 15) !== 0;
  return answer.length >= questionEnd && lower(answer, questionEnd) === lower(message, questionEnd);
}

function lower(message: Buffer, end: number): string {
  return message.toString("latin1", 12, end).toLowerCase();
}

function failed(upstream: Upstream, why: string, cause?: unknown): DnsError {
  return new DnsError("UpstreamFailed", `Cannot ask "${upstream.address}": ${why}`, {
    cause,
    hint: "Check the name servers in /etc/resolv.conf",
  });
}

function overUdp(options: ExchangeOptions): Promise<Buffer> {
  const { upstream, message, timeoutMillis } = options;
  return new Promise((resolve, reject) => {
    // A socket for each question: its random port is half of what a forged answer must guess.
    const socket = createSocket(upstream.address.includes(":") ? "udp6" : "udp4");
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      socket.close();
      act();
    };
    const timer = setTimeout(
      () => settle(() => reject(failed(upstream, `no answer in ${timeoutMillis} ms`))),
      timeoutMillis,
    );
    socket.on("error", (cause) => settle(() => reject(failed(upstream, cause.message, cause))));
    socket.on("message", (answer) => {
      if (fits(answer, options)) settle(() => resolve(answer));
    });
    socket.connect(upstream.port ?? 53, upstream.address, () => socket.send(message));
  });
}

function overTcp(options: ExchangeOptions): Promise<Buffer> {
  const { upstream, message, timeoutMillis } = options;
  return new Promise((resolve, reject) => {
    const socket = connect(upstream.port ?? 53, upstream.address);
    let received = Buffer.alloc(0);
    const fail = (why: string, cause?: unknown): void => {
      socket.destroy();
      reject(failed(upstream, why, cause));
    };
    socket.setTimeout(timeoutMillis, () => fail(`no answer over TCP in ${timeoutMillis} ms`));
    socket.on("error", (cause) => fail(cause.message, cause));
    socket.on("close", () => fail("connection closed"));
    socket.on("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const answer = received.subarray(2, 2 + received.readUInt16BE(0));
      if (!fits(answer, options)) return fail("answer to another question");
      resolve(answer);
      socket.destroy();
    });
  });
}
