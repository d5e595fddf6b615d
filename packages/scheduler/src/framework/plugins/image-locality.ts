import type { Plugin } from "../contract.ts";

const LEAST_BYTES = 23 * 1024 * 1024;
const MOST_BYTES = 1000 * 1024 * 1024;

/** Prefers nodes that hold the Pod's images already. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  prepare: ({ spec }) => new Set((spec?.containers ?? []).map((container) => container.image ?? "")),
  score(_, { images }, prepared) {
    if (images.length === 0) return 0;
    const wanted = prepared as ReadonlySet<string>;
    let present = 0;
    for (const image of images) {
      if (image.names?.some((name) => wanted.has(name))) present += image.sizeBytes ?? 0;
    }
    const most = MOST_BYTES * Math.max(1, wanted.size);
    const clamped = Math.min(Math.max(present, LEAST_BYTES), most);
    return ((clamped - LEAST_BYTES) * 100) / (most - LEAST_BYTES);
  },
};
