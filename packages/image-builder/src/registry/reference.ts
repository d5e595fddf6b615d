import { ImageBuilderError } from "../errors.ts";

/** An image reference in its parts. */
export interface Reference {
  host: string;
  repository: string;
  /** A tag or a digest. */
  version: string;
}

const FORM =
  /^([a-zA-Z0-9.-]+(?::[0-9]+)?)\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[a-f0-9]{64}))?$/;

/** Reads `host/repository[:tag][@digest]`; a digest counts more than a tag. */
export function parseReference(text: string): Reference {
  const match = FORM.exec(text);
  if (match === null)
    throw new ImageBuilderError(
      "InvalidInput",
      `Cannot read image reference "${text}": expected host/repository:tag or host/repository@digest`,
    );
  return { host: match[1] ?? "", repository: match[2] ?? "", version: match[4] ?? match[3] ?? "latest" };
}
