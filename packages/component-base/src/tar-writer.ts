/** One member of a tar archive. */
export interface TarEntry {
  /** Without a leading "/"; at most 255 bytes as ustar allows. */
  path: string;
  /** Defaults to "file". */
  type?: "file" | "directory" | "symlink";
  content?: Uint8Array | string;
  /** Of a symlink; at most 100 bytes. */
  target?: string;
  /** Defaults to 0755 for a directory, 0644 for the rest. */
  mode?: number;
  /** Defaults to 0. */
  uid?: number;
  /** Defaults to 0. */
  gid?: number;
}

const BLOCK = 512;
const TYPES = { file: "0", symlink: "2", directory: "5" } as const;

/**
 * A whole tar archive (ustar) in memory. Equal entries give equal bytes: every modification time is the epoch.
 */
export function tarArchive(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const content = typeof entry.content === "string" ? Buffer.from(entry.content) : entry.content;
    parts.push(tarHeader(entry, content?.byteLength ?? 0));
    if (content !== undefined) parts.push(content, tarPadding(content.byteLength));
  }
  parts.push(tarEnd());
  return Buffer.concat(parts);
}

/** The header block of an entry whose content, of `sizeBytes`, the caller writes after it. */
export function tarHeader(entry: TarEntry, sizeBytes: number): Uint8Array {
  const type = entry.type ?? "file";
  const header = Buffer.alloc(BLOCK);
  const { name, prefix } = splitName(type === "directory" ? `${entry.path.replace(/\/$/, "")}/` : entry.path);
  header.write(name, 0);
  octal(header, entry.mode ?? (type === "directory" ? 0o755 : 0o644), 100, 8);
  octal(header, entry.uid ?? 0, 108, 8);
  octal(header, entry.gid ?? 0, 116, 8);
  octal(header, sizeBytes, 124, 12);
  octal(header, 0, 136, 12);
  header.write("        ", 148);
  header.write(TYPES[type], 156);
  header.write(entry.target ?? "", 157, 100);
  header.write("ustar\0" + "00", 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** What fills the last block of a content. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}

/** What closes an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}

function splitName(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" };
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== "" && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155)
      return { name, prefix };
  }
  throw new RangeError(`Cannot write tar entry "${path}": the name is too long`);
}

/** Octal digits and a NUL; sizes from 8 GiB on are written in base 256, as GNU tar does. */
function octal(header: Buffer, value: number, offset: number, length: number): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    header.write(`${digits.padStart(length - 1, "0")}\0`, offset);
    return;
  }
  header.writeBigUInt64BE(BigInt(value), offset + length - 8);
  header[offset] = 0x80;
}
