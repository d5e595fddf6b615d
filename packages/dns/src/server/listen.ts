import { listenTcp } from "./tcp.ts";
import { type ListenOptions, listenUdp } from "./udp.ts";

const MOST_TRIES = 100;

export interface Listening {
  /** The same for both protocols. */
  port: number;
  close(): Promise<void>;
}

/**
 * Answers questions over UDP and TCP at one port. With port 0 the kernel chooses one that is free for UDP; where it is
 * taken for TCP, another is asked for.
 * @throws DnsError ListenFailed
 */
export async function listenAt(options: ListenOptions): Promise<Listening> {
  for (let tries = 1; ; tries++) {
    const udp = await listenUdp(options);
    const { port } = udp.address();
    const closeUdp = (): Promise<void> => new Promise((resolve) => udp.close(() => resolve()));
    try {
      const tcp = await listenTcp({ ...options, port });
      const close = async (): Promise<void> => {
        tcp.close();
        await closeUdp();
      };
      return { port, close };
    } catch (error) {
      await closeUdp();
      if (options.port !== 0 || tries === MOST_TRIES) throw error;
    }
  }
}
