const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const HOST =
  "(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?";
const REFERENCE = new RegExp(
  `^(?:(${HOST})/)?(${COMPONENT}(?:/${COMPONENT})*)(?::([\\w][\\w.-]{0,127}))?(?:@([a-z][a-z0-9]*:[0-9a-f]{32,}))?$`,
);

export interface ImageName {
  /** What the runtime is asked for: with a tag or a digest. */
  readonly reference: string;
  readonly host: string;
  readonly repository: string;
}

/** Reads an image's name, or undefined when it is malformed. Source: the OCI distribution reference grammar. */
export function parseImageName(text: string): ImageName | undefined {
  const match = REFERENCE.exec(text);
  if (match === null) return undefined;
  const [, first, path, tag, digest] = match;
  // A first word without dot, colon or "localhost" is no host but a part of the path.
  const isHost = first !== undefined && (/[.:]/.test(first) || first === "localhost");
  if (first !== undefined && !isHost && first !== first.toLowerCase()) return undefined;
  const host = isHost ? first : "docker.io";
  const repository = isHost || first === undefined ? path! : `${first}/${path}`;
  const reference = tag === undefined && digest === undefined ? `${text}:latest` : text;
  return { reference, host, repository };
}

/** The policy of a container that names none. */
export function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  return parseImageName(image)?.reference.endsWith(":latest") === true ? "Always" : "IfNotPresent";
}
