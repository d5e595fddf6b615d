import { readFile } from "node:fs/promises";

/** What went through one interface. */
export interface InterfaceCounts {
  readonly interface: string;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sendErrors: number;
  readonly sendDropped: number;
}

/** Of all interfaces but the loopback in a process's network; none once the process has ended. */
export async function networkCounts(pid: number): Promise<InterfaceCounts[]> {
  const text = await readFile(`/proc/${pid}/net/dev`, "latin1").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ESRCH" || error.code === "EINVAL") return "";
    throw error;
  });
  return readNetworkCounts(text);
}

/** The table of /proc/<pid>/net/dev. Source: proc(5). */
export function readNetworkCounts(text: string): InterfaceCounts[] {
  return text.split("\n").flatMap((line) => {
    const [, name, rest] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined || name === "lo") return [];
    const counts = rest.split(/\s+/).map(Number);
    return [
      {
        interface: name,
        receivedBytes: counts[0]!,
        receivedPackets: counts[1]!,
        receiveErrors: counts[2]!,
        receiveDropped: counts[3]!,
        sentBytes: counts[8]!,
        sentPackets: counts[9]!,
        sendErrors: counts[10]!,
        sendDropped: counts[11]!,
      },
    ];
  });
}
