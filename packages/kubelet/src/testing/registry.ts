import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tarArchive } from "@jdos/component-base";

export interface TestRegistry {
  /** "127.0.0.1:PORT": what an image's name begins with. */
  readonly host: string;
  /** Manifests asked for, by the user who asked. */
  readonly pulls: { repository: string; user: string }[];
  stop(): Promise<void>;
}

export interface TestRegistryOptions {
  /** Who may pull what: user name -> password and the repositories' prefix. */
  users: Readonly<Record<string, { password: string; prefix: string }>>;
}

/** A registry that has one tiny image under every name, for those who show the right password. */
export async function startTestRegistry({ users }: TestRegistryOptions): Promise<TestRegistry> {
  const blobs = new Map<string, { type: string; content: Buffer }>();
  const manifest = addImage(blobs);
  const pulls: TestRegistry["pulls"] = [];
  const server = createServer((request, response) => {
    const [user = "", password = ""] = Buffer.from(request.headers.authorization?.slice(6) ?? "", "base64")
      .toString()
      .split(":");
    const path = /^\/v2\/(.*)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? "");
    const repository = path?.[1] ?? "";
    const known = users[user];
    if (known?.password !== password || !repository.startsWith(known.prefix)) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="test"' }).end();
      return;
    }
    const wanted = path?.[3]?.startsWith("sha256:") === true ? path[3] : manifest;
    const blob = blobs.get(wanted);
    if (blob === undefined) return void response.writeHead(404).end();
    if (path?.[2] === "manifests" && request.method === "HEAD") pulls.push({ repository, user });
    response.writeHead(200, {
      "content-type": blob.type,
      "content-length": blob.content.length,
      "docker-content-digest": wanted,
    });
    response.end(request.method === "HEAD" ? undefined : blob.content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    pulls,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Returns the digest of the manifest. */
function addImage(blobs: Map<string, { type: string; content: Buffer }>): string {
  const add = (type: string, content: Buffer) => {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    blobs.set(digest, { type, content });
    return { mediaType: type, digest, size: content.length };
  };
  const layer = add(
    "application/vnd.oci.image.layer.v1.tar",
    Buffer.from(tarArchive([{ path: "pulled", content: `${Math.random()}` }])),
  );
  const config = add(
    "application/vnd.oci.image.config.v1+json",
    json({
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [layer.digest] },
    }),
  );
  const type = "application/vnd.oci.image.manifest.v1+json";
  return add(type, json({ schemaVersion: 2, mediaType: type, config, layers: [layer] })).digest;
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
