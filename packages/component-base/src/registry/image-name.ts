const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const VERSION = /^(?::([\w][\w.-]{0,127}))?(?:@(sha256:[a-f0-9]{64}))?$/;
const HOST = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:\d{1,5})?$/;

/** An image's name in full: `node:20` is docker.io, library/node, 20. */
export interface ImageName {
  readonly host: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/**
 * Reads an image's name as docker does: a first word without dot, colon or "localhost" is no host, and Docker Hub's
 * images of one word are those of `library`. Undefined when it is malformed. Source: the OCI distribution reference
 * grammar.
 */
export function parseImageName(text: string): ImageName | undefined {
  const [first = "", ...others] = text.split("/");
  const hasHost = others.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const host = hasHost ? first : "docker.io";
  const rest = hasHost ? others.join("/") : text;
  const [path = ""] = /^[^:@]*/.exec(rest) ?? [];
  const version = VERSION.exec(rest.slice(path.length));
  const repository = host === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  if (version === null || !HOST.test(host) || !isRepository(repository)) return undefined;
  const [, tag, digest] = version;
  return {
    host,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

export function isRepository(text: string): boolean {
  return text.length <= 255 && REPOSITORY.test(text);
}

/** The name in one line; a digest counts more than a tag. */
export function formatImageName({ host, repository, tag = "latest", digest }: ImageName): string {
  return `${host}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`;
}
