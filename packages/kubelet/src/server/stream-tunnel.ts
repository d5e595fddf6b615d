import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Hands an upgrade request on to the runtime's streaming server and passes bytes both ways from then on, whatever
 * protocol the two agree on.
 */
export function tunnelUpgrade(request: IncomingMessage, client: Duplex, head: Buffer, target: string): void {
  const url = new URL(target);
  const upstream = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  const end = () => {
    upstream.destroy();
    client.destroy();
  };
  upstream.once("connect", () => {
    upstream.write(requestHead(request, url));
    if (head.length > 0) upstream.write(head);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  upstream.on("error", end);
  client.on("error", end);
  upstream.on("close", () => client.end());
  client.on("close", () => upstream.destroy());
}

function requestHead(request: IncomingMessage, url: URL): string {
  const lines = [`${request.method ?? "POST"} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!;
    if (name.toLowerCase() !== "host") lines.push(`${name}: ${request.rawHeaders[index + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
