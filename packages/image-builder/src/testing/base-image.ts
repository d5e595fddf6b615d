import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ImageConfig, OCI_CONFIG, OCI_MANIFEST } from "../registry/media-types.ts";
import { digestOf, type Registry } from "../registry/registry.ts";

export interface TestBase {
  reference: string;
  layerDigest: string;
}

const PROGRAMS = [
  "/bin/sh",
  "/bin/cat",
  "/bin/chown",
  "/bin/ls",
  "/bin/mkdir",
  "/bin/rm",
  "/usr/bin/id",
  "/usr/bin/printf",
  "/usr/bin/env",
  "/usr/bin/find",
  "/usr/bin/head",
];

/** Pushes a small base image, a shell and a few programs of this machine, as <prefix>jdos/base:12. */
export async function pushBase(registry: Registry, prefix = ""): Promise<TestBase> {
  const repository = `${prefix}jdos/base`;
  const bytes = layer();
  const layerDigest = digestOf(bytes);
  await registry.pushBlob(repository, { digest: layerDigest, size: bytes.length }, bytes);
  const config: ImageConfig = {
    created: "1970-01-01T00:00:00Z",
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Env: ["PATH=/usr/local/bin:/usr/bin:/bin"], Cmd: ["/bin/sh"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(bytes).digest("hex")}`] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "the test" }],
  };
  const configBytes = Buffer.from(JSON.stringify(config));
  const descriptor = { mediaType: OCI_CONFIG, digest: digestOf(configBytes), size: configBytes.length };
  await registry.pushBlob(repository, descriptor, configBytes);
  const layers = [
    { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: layerDigest, size: bytes.length },
  ];
  await registry.pushManifest(
    repository,
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers },
    "12",
  );
  return { reference: "registry.jdos.internal/jdos/base:12", layerDigest };
}

function layer(): Buffer<ArrayBuffer> {
  const root = mkdtempSync(join(tmpdir(), "jdos-base-"));
  try {
    const files = new Set(PROGRAMS.flatMap((program) => [program, ...librariesOf(program)]));
    for (const directory of ["usr/bin", "usr/lib", "usr/lib64", "tmp", "etc", "proc", "dev", "sys"])
      mkdirSync(join(root, directory), { recursive: true });
    for (const [name, target] of [
      ["bin", "usr/bin"],
      ["lib", "usr/lib"],
      ["lib64", "usr/lib64"],
    ] as const)
      symlinkSync(target, join(root, name));
    for (const file of files) {
      const to = join(root, file.startsWith("/usr/") ? file : `/usr${file}`);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(realpathSync(file), to);
    }
    const tar = join(root, "..", `${root.split("/").at(-1)}.tar`);
    execFileSync("tar", [
      "--create",
      "--sort=name",
      "--mtime=@0",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      `--file=${tar}`,
      `--directory=${root}`,
      ".",
    ]);
    const bytes = Buffer.from(readFileSync(tar));
    rmSync(tar);
    return bytes;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function librariesOf(program: string): string[] {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(\/\S+\.so\S*)/g)].map(([, path]) => path ?? "");
}
