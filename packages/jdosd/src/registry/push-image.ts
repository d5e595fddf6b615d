import { http } from "@jdos/component-base/http";
import type { ImageManifest, OciLayout } from "./oci-layout.ts";

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
  const present = await fetch(`${base}/manifests/${tag}`, {
    method: "HEAD",
    headers: { ...headers, accept: MANIFEST },
  });
  if (present.ok && present.headers.get("docker-content-digest") === descriptor.digest) return false;
  const body = await layout.read(descriptor.digest);
  const manifest = JSON.parse(body.toString("utf8")) as ImageManifest;
  for (const { digest, size } of [manifest.config, ...manifest.layers]) {
    const found = await fetch(`${base}/blobs/${digest}`, { method: "HEAD", headers });
    if (!found.ok) await pushBlob({ base, headers, digest, size, content: layout.stream(digest) });
  }
  const put = await fetch(`${base}/manifests/${tag}`, {
    method: "PUT",
    headers: { ...headers, "content-type": MANIFEST },
    body: new Uint8Array(body),
  });
  if (!put.ok) throw refused(`push manifest "${repository}:${tag}"`, put.status, await put.text());
  return true;
}

async function fetchToken({ tokenUrl, repository, user, password }: PushOptions): Promise<string> {
  const url = new URL(tokenUrl);
  url.searchParams.set("scope", `repository:${repository}:pull,push`);
  url.searchParams.set("service", "registry.jdos.internal");
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const response = await fetch(url, { headers: { authorization } });
  if (!response.ok) throw refused("get a registry token", response.status, await response.text());
  return ((await response.json()) as { token: string }).token;
}

interface Blob {
  base: string;
  headers: Record<string, string>;
  digest: string;
  size: number;
  content: NodeJS.ReadableStream;
}

async function pushBlob({ base, headers, digest, size, content }: Blob): Promise<void> {
  const begun = await fetch(`${base}/blobs/uploads/`, { method: "POST", headers });
  if (begun.status !== 202) throw refused(`begin upload of ${digest}`, begun.status, await begun.text());
  const url = new URL(begun.headers.get("location") ?? "", base);
  url.searchParams.set("digest", digest);
  await new Promise<void>((resolve, reject) => {
    const upload = http.request(url, {
      method: "PUT",
      headers: { ...headers, "content-type": "application/octet-stream", "content-length": size },
    });
    upload.on("response", (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        if (response.statusCode === 201) resolve();
        else reject(refused(`upload ${digest}`, response.statusCode ?? 0, text));
      });
    });
    upload.on("error", reject);
    content.on("error", (error) => upload.destroy(error));
    content.pipe(upload);
  });
}

function refused(action: string, status: number, body: string): Error {
  return new Error(`Cannot ${action}: the registry answers ${status}: ${body.trim().slice(0, 200)}`);
}
