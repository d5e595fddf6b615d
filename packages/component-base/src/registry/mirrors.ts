import { ComponentError } from "../errors.ts";
import { formatImageName, type ImageName, isRepository, parseImageName } from "./image-name.ts";

/** Images below `prefix` come from `location` instead: what follows in their names is the same. */
export interface RegistryMirror {
  /** "docker.io", "docker.io/library/node" */
  readonly prefix: string;
  /** "registry.example.org/dockerhub" */
  readonly location: string;
  /** Where the mirror's API answers: "https://registry.example.org" */
  readonly url: string;
}

const PREFIX = /^[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[a-z0-9._/-]+)?$/;
const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

/**
 * Reads the mirror map: { "docker.io": "registry.example.org/dockerhub", "quay.io": "http://mirror:5000/quay" }. A
 * location without a scheme answers by https. The longest prefix comes first.
 *
 * @throws ComponentError InvalidOption
 */
export function parseMirrors(map: unknown): readonly RegistryMirror[] {
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw invalid("it is not a mapping");
  return Object.entries(map)
    .map(([prefix, to]) => mirrorOf(prefix, to))
    .sort((a, b) => b.prefix.length - a.prefix.length);
}

function mirrorOf(prefix: string, to: unknown): RegistryMirror {
  if (!PREFIX.test(prefix) || prefix.endsWith("/"))
    throw invalid(`"${prefix}" is not HOST[/PATH], like "docker.io/library/node"`);
  const [, scheme = "https", location = ""] =
    /^(?:(https?):\/\/)?(.*)$/.exec(typeof to === "string" ? to : "") ?? [];
  const [host = "", ...path] = location.split("/");
  if (!HOST.test(host) || (path.length > 0 && !isRepository(path.join("/"))))
    throw invalid(`${JSON.stringify(to)} of "${prefix}" is not [http://]HOST[:PORT][/PATH]`);
  return { prefix, location, url: `${scheme}://${host}` };
}

function invalid(state: string): ComponentError {
  return new ComponentError("InvalidOption", `Cannot use the registry mirrors: ${state}`, {
    hint: 'For example { "docker.io": "registry.example.org/dockerhub" }',
  });
}

/** An image, and where it comes from. */
export interface MirroredImage {
  readonly name: ImageName;
  readonly mirror: RegistryMirror;
}

/** What the map says of an image; undefined: nothing. The first mirror that fits is the one. */
export function mirroredImage(
  image: ImageName,
  mirrors: readonly RegistryMirror[],
): MirroredImage | undefined {
  const full = `${image.host}/${image.repository}`;
  for (const mirror of mirrors) {
    const { prefix, location } = mirror;
    if (full !== prefix && !full.startsWith(`${prefix}/`)) continue;
    const name = parseImageName(
      formatImageName({ ...image, ...split(location + full.slice(prefix.length)) }),
    );
    return name === undefined ? undefined : { name, mirror };
  }
  return undefined;
}

function split(place: string): Pick<ImageName, "host" | "repository"> {
  const slash = place.indexOf("/");
  return { host: place.slice(0, slash), repository: place.slice(slash + 1) };
}
