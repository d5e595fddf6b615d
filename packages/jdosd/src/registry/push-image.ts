import type { OciLayout, OciManifest } from "@jdos/component-base";
import { type Answer, call } from "./call.ts";

export interface PushOptions {
  layout: OciLayout;
  /** The image's name in the layout. */
  image: string;
  /** The registry's base URL. */
  registry: string;
  repository: string;
  tag: string;
  /** Where the registry's tokens are issued, and to whom. */
  tokenUrl: string;
  user: string;
  password: string;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** Pushes an image of an archive to a registry; blobs that are there are not sent. Answers whether it pushed. */
export async function pushImage(options: PushOptions): Promise<boolean> {
  const { layout, image, registry, repository, tag } = options;
  const descriptor = layout.find(image);
  if (descriptor === undefined) throw new Error(`Cannot push "${image}": the archive has no such image`);
  const headers = { authorization: `Bearer ${await fetchToken(options)}` };
  const base = `${registry}/v2/${repository}`;
  const present = await call(`${base}/manifests/${tag}`, {
    method: "HEAD",
    headers: { ...headers, accept: MANIFEST },
  });
  if (present.status === 200 && present.headers["docker-content-digest"] === descriptor.digest) return false;
  const body = await layout.read(descriptor.digest);
  const manifest = JSON.parse(body.toString("utf8")) as OciManifest;
  for (const { digest, size } of [manifest.config, ...manifest.layers]) {
    const found = await call(`${base}/blobs/${digest}`, { method: "HEAD", headers });
    if (found.status !== 200) await pushBlob({ base, headers, digest, size, content: layout.stream(digest) });
  }
  const put = await call(`${base}/manifests/${tag}`, {
    method: "PUT",
    headers: { ...headers, "content-type": MANIFEST, "content-length": body.length },
    body,
  });
  if (put.status !== 201) throw refused(`push manifest "${repository}:${tag}"`, put);
  return true;
}

async function fetchToken({ tokenUrl, repository, user, password }: PushOptions): Promise<string> {
  const url = new URL(tokenUrl);
  url.searchParams.set("scope", `repository:${repository}:pull,push`);
  url.searchParams.set("service", "registry.jdos.internal");
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const answer = await call(url, { headers: { authorization } });
  if (answer.status !== 200) throw refused("get a registry token", answer);
  return (JSON.parse(answer.text) as { token: string }).token;
}

interface Blob {
  base: string;
  headers: Record<string, string>;
  digest: string;
  size: number;
  content: NodeJS.ReadableStream;
}

async function pushBlob({ base, headers, digest, size, content }: Blob): Promise<void> {
  const begun = await call(`${base}/blobs/uploads/`, {
    method: "POST",
    headers: { ...headers, "content-length": 0 },
  });
  if (begun.status !== 202) throw refused(`begin upload of ${digest}`, begun);
  const url = new URL(begun.headers.location ?? "", base);
  url.searchParams.set("digest", digest);
  const put = await call(url, {
    method: "PUT",
    headers: { ...headers, "content-type": "application/octet-stream", "content-length": size },
    body: content,
  });
  if (put.status !== 201) throw refused(`upload ${digest}`, put);
}

function refused(action: string, { status, text }: Answer): Error {
  return new Error(`Cannot ${action}: the registry answers ${status}: ${text.trim().slice(0, 200)}`);
}
