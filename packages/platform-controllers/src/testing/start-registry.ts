import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { startDockerRegistry } from "@jdos/component-base/testing";

const OCI = "application/vnd.oci.image.manifest.v1+json";

/** A real registry on loopback that lets everybody in. */
export async function startRegistry(mayDelete: boolean) {
  const { address, stop } = await startDockerRegistry(() => ({ deletes: mayDelete }));
  const url = `http://${address}`;
  return {
    url,
    /** An image whose content is its name, or what is given. */
    async push(repository: string, tag: string, content = tag): Promise<string> {
      const config = JSON.stringify({ tag: content });
      const digest = `sha256:${createHash("sha256").update(config).digest("hex")}`;
      const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: "POST" });
      const location = new URL(begun.headers.get("location") ?? "", url);
      location.searchParams.set("digest", digest);
      assert.equal((await fetch(location, { method: "PUT", body: config })).status, 201);
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI,
        config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: config.length },
        layers: [],
      });
      const put = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
        method: "PUT",
        headers: { "content-type": OCI },
        body: manifest,
      });
      assert.equal(put.status, 201);
      return put.headers.get("docker-content-digest") ?? "";
    },
    async has(repository: string, digest: string): Promise<boolean> {
      const answer = await fetch(`${url}/v2/${repository}/manifests/${digest}`, { headers: { accept: OCI } });
      await answer.body?.cancel();
      return answer.ok;
    },
    stop,
  };
}
