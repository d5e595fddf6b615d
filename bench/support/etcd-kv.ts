import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { load } from "@grpc/proto-loader";

/** As much of etcd's API as a put needs. Source: etcd, api/etcdserverpb/rpc.proto. */
const PROTO = `
syntax = "proto3";
package etcdserverpb;
service KV { rpc Put(PutRequest) returns (PutResponse) {} }
message PutRequest { bytes key = 1; bytes value = 2; }
message PutResponse {}
`;

export interface Kv {
  put(key: string, value: string): Promise<void>;
  close(): void;
}

interface Stub {
  put(request: { key: Buffer; value: Buffer }, done: (error: Error | null) => void): void;
  close(): void;
}

/** One connection of its own to etcd. */
export async function connectKv(address: string): Promise<Kv> {
  const directory = await mkdtemp(join(tmpdir(), "jdos-bench-proto-"));
  const path = join(directory, "rpc.proto");
  await writeFile(path, PROTO);
  const definition = loadPackageDefinition(await load(path));
  await rm(directory, { recursive: true });
  const { etcdserverpb } = definition as unknown as {
    etcdserverpb: { KV: new (address: string, credentials: unknown, options: object) => Stub };
  };
  const stub = new etcdserverpb.KV(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  return {
    put: (key, value) =>
      new Promise((resolve, reject) =>
        stub.put({ key: Buffer.from(key), value: Buffer.from(value) }, (error) =>
          error === null ? resolve() : reject(error),
        ),
      ),
    close: () => stub.close(),
  };
}
