import { chmod, chown, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { PersistentVolumeClaims, PersistentVolumes, type Volume } from "@jdos/api";
import { bytes, type DeepReadonly } from "@jdos/apimachinery";
import type { Client } from "@jdos/client";
import { mountsBelow, runCommand, unmountBelow } from "@jdos/component-base";
import type { Mount } from "../cri/types.ts";
import { KubeletError } from "../errors.ts";
import { type Directories, podDirectory } from "../pod/directories.ts";
import { allContainersOf, type ContainerSpec, namespaceOf, type PodObject, specOf } from "../pod/pod.ts";
import { type Ownership, type VolumeFiles, writeAtomically } from "./atomic-writer.ts";
import { prepareHostPath } from "./host-path.ts";
import { mountTmpfs } from "./mount.ts";
import { bindSubPath } from "./sub-path.ts";
import { type ContentSources, unsupported, volumeContent } from "./volume-content.ts";

/** Where each of a Pod's volumes lies on the node. */
export type VolumePaths = ReadonlyMap<string, string>;

export interface VolumeManager {
  /** Makes every volume of the Pod, or brings it up to date. Throws a KubeletError that names the volume. */
  setUp(pod: PodObject, sources: ContentSources): Promise<VolumePaths>;
  /** A container's mounts; `subPathOf` expands the variables of a subPathExpr. */
  mounts(
    pod: PodObject,
    container: ContainerSpec,
    paths: VolumePaths,
    subPathOf: (expression: string) => string,
  ): Promise<Mount[]>;
  /** Removes what the kubelet made for the Pod. Idempotent. */
  tearDown(uid: string): Promise<void>;
  /** The uids of all Pods that have files here. */
  uids(): Promise<string[]>;
}

export interface VolumeManagerOptions {
  client: Client;
  directories: Directories;
}

export function createVolumeManager({ client, directories }: VolumeManagerOptions): VolumeManager {
  const root = (uid: string) => join(podDirectory(directories, uid), "volumes");

  async function setUpOne(
    pod: PodObject,
    volume: DeepReadonly<Volume>,
    sources: ContentSources,
  ): Promise<string> {
    const { uid } = pod.metadata;
    const files = await volumeContent(pod, volume, sources);
    if (files !== undefined) {
      // What may hold a secret lies on the tmpfs.
      const secret = volume.secret !== undefined || volume.projected !== undefined;
      const base = secret ? join(directories.memory, uid) : root(uid);
      const path = join(base, volume.name);
      await writeAtomically(path, files, ownerOf(pod, volume, files));
      return path;
    }
    if (volume.emptyDir !== undefined) return setUpEmptyDir(pod, volume, join(root(uid), volume.name));
    if (volume.hostPath !== undefined) return prepareHostPath(volume.hostPath.path, volume.hostPath.type);
    if (volume.persistentVolumeClaim !== undefined) {
      return claimedPath(client, namespaceOf(pod), volume.persistentVolumeClaim.claimName);
    }
    throw unsupported(volume.name, Object.keys(volume).find((key) => key !== "name") ?? "none");
  }

  return {
    async setUp(pod, sources) {
      const paths = new Map<string, string>();
      for (const volume of specOf(pod).volumes ?? []) {
        try {
          paths.set(volume.name, await setUpOne(pod, volume, sources));
        } catch (cause) {
          throw new KubeletError(
            "MountFailed",
            `MountVolume.SetUp failed for volume "${volume.name}" : ${(cause as Error).message}`,
            { hint: cause instanceof KubeletError ? cause.hint : "It is tried again", cause },
          );
        }
      }
      return paths;
    },
    async mounts(pod, container, paths, subPathOf) {
      const mounts: Mount[] = [];
      for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
        let hostPath = paths.get(mount.name);
        if (hostPath === undefined) {
          throw new KubeletError(
            "CreateContainerConfigError",
            `volume "${mount.name}" is not a volume of the Pod`,
            {
              hint: "Add it to spec.volumes",
            },
          );
        }
        const subPath =
          mount.subPathExpr === undefined ? (mount.subPath ?? "") : subPathOf(mount.subPathExpr);
        if (subPath !== "") {
          const directory = join(
            podDirectory(directories, pod.metadata.uid),
            "volume-subpaths",
            container.name,
          );
          await mkdir(directory, { recursive: true });
          const target = join(directory, String(index));
          await unmountTarget(directory, target);
          await bindSubPath(hostPath, subPath, target);
          hostPath = target;
        }
        mounts.push({
          containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
          hostPath,
          readonly: mount.readOnly === true,
          propagation: propagationOf(mount.mountPropagation),
        });
      }
      return mounts;
    },
    async tearDown(uid) {
      await unmountBelow(podDirectory(directories, uid));
      await rm(podDirectory(directories, uid), { recursive: true, force: true });
      await rm(join(directories.memory, uid), { recursive: true, force: true });
    },
    async uids() {
      const found = await Promise.all(
        [directories.pods, directories.memory].map((path) => readdir(path).catch(() => [])),
      );
      return [...new Set(found.flat())];
    },
  };
}

/** A container that is made anew gets what the path leads to now. */
async function unmountTarget(directory: string, target: string): Promise<void> {
  if (mountsBelow(directory).includes(target)) await runCommand(["umount", "--lazy", target]);
}

async function setUpEmptyDir(pod: PodObject, volume: DeepReadonly<Volume>, path: string): Promise<string> {
  const { medium = "", sizeLimit } = volume.emptyDir!;
  if (medium !== "" && medium !== "Memory") throw unsupported(volume.name, `emptyDir medium ${medium}`);
  const fsGroup = specOf(pod).securityContext?.fsGroup;
  const made = (await mkdir(path, { recursive: true })) !== undefined;
  if (medium === "Memory") await mountTmpfs(path, { mode: "1777", sizeBytes: bytes(sizeLimit) });
  if (!made) return path;
  await chmod(path, fsGroup === undefined ? 0o777 : 0o2777);
  if (fsGroup !== undefined) await chown(path, 0, fsGroup);
  return path;
}

/** Files belong to fsGroup; a token alone to the one user all containers run as. */
function ownerOf(pod: PodObject, volume: DeepReadonly<Volume>, files: VolumeFiles): Ownership {
  const fsGroup = specOf(pod).securityContext?.fsGroup;
  if (fsGroup !== undefined) return { gid: fsGroup };
  const hasToken =
    volume.projected?.sources?.some((source) => source.serviceAccountToken !== undefined) === true;
  if (!hasToken || files.size === 0) return {};
  const shared = specOf(pod).securityContext?.runAsUser;
  const users = new Set(allContainersOf(pod).map((item) => item.securityContext?.runAsUser ?? shared));
  const [user] = users;
  return users.size === 1 && user !== undefined ? { uid: user } : {};
}

async function claimedPath(client: Client, namespace: string, name: string): Promise<string> {
  const claim = await client.get(PersistentVolumeClaims, { namespace, name });
  const volumeName = claim.spec?.volumeName;
  if (claim.status?.phase !== "Bound" || volumeName === undefined) {
    throw new KubeletError("InvalidVolume", `persistentvolumeclaim "${name}" is not bound`, {
      hint: "Make a PersistentVolume that the claim can be bound to",
    });
  }
  const volume = await client.get(PersistentVolumes, { name: volumeName });
  const { hostPath, local } = volume.spec ?? {};
  if (hostPath !== undefined) return prepareHostPath(hostPath.path, hostPath.type);
  if (local !== undefined) return prepareHostPath(local.path, "Directory");
  throw unsupported(volumeName, "persistent volume that is neither hostPath nor local");
}

function propagationOf(mode: string | undefined): NonNullable<Mount["propagation"]> {
  if (mode === "HostToContainer") return "PROPAGATION_HOST_TO_CONTAINER";
  if (mode === "Bidirectional") return "PROPAGATION_BIDIRECTIONAL";
  return "PROPAGATION_PRIVATE";
}
