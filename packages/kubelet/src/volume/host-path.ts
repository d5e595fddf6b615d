import { mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { KubeletError } from "../errors.ts";

/** Checks, and where the type says so makes, what a hostPath volume points to. */
export async function prepareHostPath(path: string, type = ""): Promise<string> {
  if (type === "DirectoryOrCreate") await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === "FileOrCreate") {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await (await open(path, "a", 0o644)).close();
  }
  if (type === "") return path;
  const found = await stat(path).catch(() => undefined);
  const right = {
    Directory: found?.isDirectory(),
    DirectoryOrCreate: found?.isDirectory(),
    File: found?.isFile(),
    FileOrCreate: found?.isFile(),
    Socket: found?.isSocket(),
    CharDevice: found?.isCharacterDevice(),
    BlockDevice: found?.isBlockDevice(),
  }[type];
  if (right === true) return path;
  throw new KubeletError("InvalidVolume", `hostPath type check failed: ${path} is not a ${noun(type)}`, {
    hint: "Make it on the node, or choose another hostPath type",
  });
}

function noun(type: string): string {
  const nouns: Record<string, string> = {
    Socket: "socket file",
    CharDevice: "character device",
    BlockDevice: "block device",
  };
  return nouns[type] ?? type.replace("OrCreate", "").toLowerCase();
}
