import { gunzipSync } from "node:zlib";

const BLOCK = 512;
const MAX_METADATA_BYTES = 1024 * 1024;

/**
 * Tells whether a gem has parts that are compiled while it is installed; true also when that cannot be seen.
 * Source: RubyGems, a gem is a tar with metadata.gz, the specification in YAML.
 */
export function hasExtensions(gem: Buffer): boolean {
  try {
    const metadata = entryOf(gem, "metadata.gz");
    if (metadata === undefined) return true;
    const text = gunzipSync(metadata, { maxOutputLength: MAX_METADATA_BYTES }).toString("utf8");
    return !/^extensions: \[\]$/m.test(text);
  } catch {
    return true;
  }
}

/** A file of a tar. Source: POSIX, ustar: name at 0, size in octal at 124, content in whole blocks. */
function entryOf(tar: Buffer, wanted: string): Uint8Array | undefined {
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const text = (from: number, length: number): string =>
      tar.toString("latin1", at + from, at + from + length).replace(/\0.*/s, "");
    const size = Number.parseInt(text(124, 12), 8);
    if (Number.isNaN(size)) return undefined;
    if (text(0, 100) === wanted) return Uint8Array.from(tar.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
