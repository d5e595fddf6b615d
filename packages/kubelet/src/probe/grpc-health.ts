import * as grpc from "@grpc/grpc-js";
import type { ProbeOutcome } from "./prober.ts";

const STATUS = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** Asks grpc.health.v1.Health/Check. The two messages are small enough to be written by hand. */
export function grpcHealth(address: string, service: string, timeoutMs: number): Promise<ProbeOutcome> {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  return new Promise<ProbeOutcome>((resolve) => {
    client.makeUnaryRequest(
      "/grpc.health.v1.Health/Check",
      encodeRequest,
      decodeStatus,
      service,
      new grpc.Metadata(),
      { deadline: Date.now() + timeoutMs },
      (error, status) => {
        if (error !== null) resolve({ success: false, output: `error: health rpc failed: ${error.message}` });
        else {
          const name = STATUS[status ?? 0] ?? String(status);
          resolve({
            success: status === 1,
            output: `service ${status === 1 ? "healthy" : "unhealthy"} (responded with "${name}")`,
          });
        }
      },
    );
  }).finally(() => client.close());
}

/** Field 1, a string. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  return Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

/** Field 1, an enum; absent means 0. */
function decodeStatus(message: Buffer): number {
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
