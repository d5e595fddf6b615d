import type { ObjectSource } from "../container/object-source.ts";
import type { CriClient } from "../cri/cri-client.ts";
import type { AuthConfig, Image } from "../cri/types.ts";
import { KubeletError } from "../errors.ts";
import { BackOff } from "../pod/back-off.ts";
import type { ContainerSpec, PodObject } from "../pod/pod.ts";
import { createSlots } from "../slots.ts";
import { pullCredentials, type RegistryCredential } from "./credentials.ts";
import { defaultPullPolicy, type ImageName, parseImageName } from "./image-name.ts";

export interface ImagePullerOptions {
  cri: CriClient;
  objects: ObjectSource;
  credentials: readonly RegistryCredential[];
  now(): Date;
  /** Pulls under way at once. Defaults to 4. */
  concurrency?: number;
}

/** Says what happens to an image, as an event about the container. */
export type ImageEvents = (type: "Normal" | "Warning", reason: string, message: string) => void;

export interface ImagePuller {
  /**
   * The container's image, pulled if its policy asks for it. Throws a KubeletError whose code is the reason of
   * the waiting state: InvalidImageName, ErrImageNeverPull, ErrImagePull or ImagePullBackOff.
   */
  ensure(pod: PodObject, container: ContainerSpec, events: ImageEvents): Promise<Image>;
  /** When a pull that failed may be tried again: milliseconds, 0 at once. */
  retryAfter(pod: PodObject, container: ContainerSpec): number;
  forget(uid: string): void;
}

export function createImagePuller(options: ImagePullerOptions): ImagePuller {
  const { cri, now, concurrency = 4 } = options;
  const backOff = new BackOff();
  const underWay = new Map<string, Promise<string>>();
  const slots = createSlots(concurrency);

  async function pull(pod: PodObject, name: ImageName): Promise<string> {
    const attempts: (AuthConfig | undefined)[] = await pullCredentials(
      pod,
      name,
      options.objects,
      options.credentials,
    );
    const tries = attempts.length === 0 ? [undefined] : attempts;
    // Two Pods with the same credentials wait for one pull; other credentials must prove themselves.
    const key = JSON.stringify([name.reference, tries]);
    let pulling = underWay.get(key);
    if (pulling === undefined) {
      pulling = slots(() => firstOf(tries, (auth) => cri.pullImage(name.reference, auth)));
      underWay.set(key, pulling);
      pulling.catch(() => undefined).finally(() => underWay.delete(key));
    }
    return pulling;
  }

  async function pullWithEvents(
    pod: PodObject,
    container: ContainerSpec,
    name: ImageName,
    events: ImageEvents,
  ) {
    const key = backOffKey(pod, container);
    if (backOff.remainingSinceUpdate(key, now().getTime()) > 0) {
      const message = `Back-off pulling image "${container.image}"`;
      events("Normal", "BackOff", message);
      throw new KubeletError("ImagePullBackOff", message, { hint: "See the Failed event before it" });
    }
    events("Normal", "Pulling", `Pulling image "${container.image}"`);
    const started = performance.now();
    try {
      await pull(pod, name);
    } catch (cause) {
      const message = `Failed to pull image "${container.image}": ${(cause as Error).message}`;
      events("Warning", "Failed", message);
      const time = now().getTime();
      backOff.next(key, time, time);
      throw new KubeletError("ErrImagePull", (cause as Error).message, {
        hint: "Check the image's name, that it was pushed, and the Pod's imagePullSecrets",
        cause,
      });
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(3);
    const image = await cri.imageStatus(name.reference);
    events(
      "Normal",
      "Pulled",
      `Successfully pulled image "${container.image}" in ${seconds}s. Image size: ${image?.size ?? 0} bytes.`,
    );
    return image;
  }

  return {
    retryAfter: (pod, container) => backOff.remainingSinceUpdate(backOffKey(pod, container), now().getTime()),
    forget: (uid) => backOff.forget(uid),
    async ensure(pod, container, events) {
      const text = container.image ?? "";
      const name = parseImageName(text);
      if (name === undefined) {
        const message = `Failed to apply default image tag "${text}": couldn't parse image name "${text}": invalid reference format`;
        events("Warning", "InspectFailed", message);
        throw new KubeletError("InvalidImageName", message, { hint: "Write it as registry/path:tag" });
      }
      const policy = container.imagePullPolicy ?? defaultPullPolicy(text);
      const present = await cri.imageStatus(name.reference);
      if (present !== undefined && policy !== "Always") {
        events("Normal", "Pulled", `Container image "${text}" already present on machine`);
        return present;
      }
      if (policy === "Never") {
        const message = `Container image "${text}" is not present with pull policy of Never`;
        events("Warning", "ErrImageNeverPull", message);
        throw new KubeletError("ErrImageNeverPull", message, {
          hint: "Import the image, or let it be pulled",
        });
      }
      const image = await pullWithEvents(pod, container, name, events);
      if (image !== undefined) return image;
      throw new KubeletError("ErrImagePull", `image "${text}" is not present after it was pulled`, {
        hint: "Something removed it; it is tried again",
      });
    },
  };
}

function backOffKey(pod: PodObject, container: ContainerSpec): string {
  return `${pod.metadata.uid}/${container.image}`;
}

async function firstOf<A, T>(candidates: readonly A[], attempt: (candidate: A) => Promise<T>): Promise<T> {
  let failure: unknown;
  for (const candidate of candidates) {
    try {
      return await attempt(candidate);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
