import type { Volume } from "@jdos/api";
import { type DeepReadonly, StatusError } from "@jdos/apimachinery";
import { fieldValue, type PodPlace, resourceValue } from "../container/field-ref.ts";
import type { ObjectSource } from "../container/object-source.ts";
import { KubeletError } from "../errors.ts";
import { namespaceOf, type PodObject } from "../pod/pod.ts";
import type { VolumeFile, VolumeFiles } from "./atomic-writer.ts";

export interface TokenRequest {
  readonly audience?: string;
  readonly expirationSeconds: number;
}

export interface ContentSources {
  objects: ObjectSource;
  place: PodPlace;
  /** A token for the Pod's service account, renewed before it expires. */
  token(pod: PodObject, request: TokenRequest): Promise<string>;
}

const DEFAULT_MODE = 0o644;

/** The files of a volume that the API fills, or undefined for a volume of another type. */
export async function volumeContent(
  pod: PodObject,
  volume: DeepReadonly<Volume>,
  sources: ContentSources,
): Promise<VolumeFiles | undefined> {
  const files = new Map<string, VolumeFile>();
  if (volume.configMap !== undefined) {
    await addConfigMap(files, pod, volume.configMap, volume.configMap.defaultMode, sources);
  } else if (volume.secret !== undefined) {
    const { secretName, items, optional, defaultMode } = volume.secret;
    await addSecret(files, pod, { name: secretName, items, optional }, defaultMode, sources);
  } else if (volume.downwardAPI !== undefined) {
    addDownward(files, pod, volume.downwardAPI.items, volume.downwardAPI.defaultMode, sources);
  } else if (volume.projected !== undefined) {
    const { defaultMode } = volume.projected;
    for (const source of volume.projected.sources ?? []) {
      if (source.configMap !== undefined)
        await addConfigMap(files, pod, source.configMap, defaultMode, sources);
      else if (source.secret !== undefined) await addSecret(files, pod, source.secret, defaultMode, sources);
      else if (source.downwardAPI !== undefined)
        addDownward(files, pod, source.downwardAPI.items, defaultMode, sources);
      else if (source.serviceAccountToken !== undefined) {
        const { path, audience, expirationSeconds = 3600 } = source.serviceAccountToken;
        const token = await sources.token(pod, {
          ...(audience === undefined ? {} : { audience }),
          expirationSeconds,
        });
        put(files, path, Buffer.from(token), defaultMode);
      } else throw unsupported(volume.name, "projected source");
    }
  } else return undefined;
  return files;
}

interface KeysOf {
  readonly name?: string | undefined;
  readonly optional?: boolean | undefined;
  readonly items?:
    | readonly { readonly key: string; readonly path: string; readonly mode?: number }[]
    | undefined;
}

async function addConfigMap(
  files: Map<string, VolumeFile>,
  pod: PodObject,
  source: KeysOf,
  mode: number | undefined,
  { objects }: ContentSources,
): Promise<void> {
  const { name = "" } = source;
  const found = await present(source, `configmap "${name}"`, () => objects.configMap(namespaceOf(pod), name));
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(text));
  for (const [key, text] of Object.entries(found?.binaryData ?? {}))
    data.set(key, Buffer.from(text, "base64"));
  addKeys(files, data, source, mode);
}

async function addSecret(
  files: Map<string, VolumeFile>,
  pod: PodObject,
  source: KeysOf,
  mode: number | undefined,
  { objects }: ContentSources,
): Promise<void> {
  const { name = "" } = source;
  const found = await present(source, `secret "${name}"`, () => objects.secret(namespaceOf(pod), name));
  const data = new Map<string, Uint8Array>();
  for (const [key, text] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(text, "base64"));
  addKeys(files, data, source, mode);
}

function addKeys(
  files: Map<string, VolumeFile>,
  data: ReadonlyMap<string, Uint8Array>,
  source: KeysOf,
  mode: number | undefined,
): void {
  if (source.items === undefined) {
    for (const [key, content] of data) put(files, key, content, mode);
    return;
  }
  for (const item of source.items) {
    const content = data.get(item.key);
    if (content !== undefined) put(files, item.path, content, item.mode ?? mode);
    else if (source.optional !== true) {
      throw invalid(
        `references non-existent config key: ${item.key}`,
        "Add the key, or mark the source optional",
      );
    }
  }
}

type DownwardItems = NonNullable<NonNullable<DeepReadonly<Volume>["downwardAPI"]>["items"]>;

function addDownward(
  files: Map<string, VolumeFile>,
  pod: PodObject,
  items: DownwardItems | undefined,
  mode: number | undefined,
  { place }: ContentSources,
): void {
  for (const item of items ?? []) {
    const text =
      item.fieldRef !== undefined
        ? fieldValue(pod, item.fieldRef.fieldPath, place)
        : resourceValue(pod, undefined, item.resourceFieldRef ?? { resource: "" }, place);
    put(files, item.path, Buffer.from(text), item.mode ?? mode);
  }
}

function put(files: Map<string, VolumeFile>, path: string, content: Uint8Array, mode = DEFAULT_MODE): void {
  const words = path.split("/");
  if (path === "" || path.startsWith("/") || words.includes("..") || words[0]!.startsWith("..")) {
    throw invalid(`invalid path "${path}"`, 'A path is relative, without ".." and does not begin with ".."');
  }
  files.set(path, { content, mode });
}

async function present<T>(source: KeysOf, what: string, get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "NotFound") throw error;
    if (source.optional === true) return undefined;
    throw new KubeletError("InvalidVolume", `${what} not found`, {
      hint: "Create it, or mark the source optional",
      cause: error,
    });
  }
}

function invalid(message: string, hint: string): KubeletError {
  return new KubeletError("InvalidVolume", message, { hint });
}

export function unsupported(volume: string, type: string): KubeletError {
  return new KubeletError(
    "UnsupportedVolume",
    `volume "${volume}" has a type this node does not serve: ${type}`,
    {
      hint: "Use configMap, secret, projected, downwardAPI, emptyDir, hostPath or a claim bound to a local path",
    },
  );
}
