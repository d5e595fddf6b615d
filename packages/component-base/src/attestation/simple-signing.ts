/** What is signed of an image. Source: containers/image, docs/containers-signature.5: simple signing. */
export function signingPayload({ repository, digest }: SignedImage): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": repository },
        image: { "docker-manifest-digest": digest },
        type: "cosign container image signature",
      },
      optional: null,
    }),
  );
}

export interface SignedImage {
  /** registry.jdos.internal/demo/hello */
  repository: string;
  digest: string;
}

/** The image that a payload is about; undefined when it is none. */
export function readSigningPayload(bytes: Uint8Array): SignedImage | undefined {
  try {
    const { critical } = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (critical.type !== "cosign container image signature") return undefined;
    const repository: unknown = critical.identity["docker-reference"];
    const digest: unknown = critical.image["docker-manifest-digest"];
    return typeof repository === "string" && typeof digest === "string" ? { repository, digest } : undefined;
  } catch {
    return undefined;
  }
}
