import { StatusError } from "@jdos/apimachinery";

/** The form of an answer. */
export interface AnswerForm {
  readonly format: "json" | "yaml";
  /** Table, PartialObjectMetadata, PartialObjectMetadataList, APIGroupDiscoveryList. */
  readonly as: string | undefined;
  /** Group and version of the form above. */
  readonly group: string | undefined;
  readonly version: string | undefined;
}

const PLAIN: AnswerForm = { format: "json", as: undefined, group: undefined, version: undefined };
const TRANSFORMS: ReadonlySet<string> = new Set([
  "Table",
  "PartialObjectMetadata",
  "PartialObjectMetadataList",
  "APIGroupDiscoveryList",
]);
const VERSIONS: ReadonlySet<string> = new Set(["v1", "v1beta1", "v2", "v2beta1"]);

/**
 * Chooses the first form of an Accept header that can be given. Protobuf cannot, so clients fall back to JSON.
 * @throws StatusError NotAcceptable
 */
export function negotiate(accept: string | undefined): AnswerForm {
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*")
    return PLAIN;
  for (const clause of accept.split(",")) {
    const form = read(clause);
    if (form !== undefined) return form;
  }
  throw new StatusError(
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/yaml",
  );
}

function read(clause: string): AnswerForm | undefined {
  const [mediaType = "", ...rest] = clause.split(";").map((part) => part.trim());
  const format = formatOf(mediaType.toLowerCase());
  if (format === undefined) return undefined;
  const parameters = new Map(
    rest.map((part) => part.split("=", 2).map((word) => word.trim()) as [string, string]),
  );
  const as = parameters.get("as");
  const version = parameters.get("v");
  if (as !== undefined && (!TRANSFORMS.has(as) || (version !== undefined && !VERSIONS.has(version))))
    return undefined;
  return { format, as, group: parameters.get("g"), version };
}

function formatOf(mediaType: string): AnswerForm["format"] | undefined {
  if (mediaType === "application/json" || mediaType === "*/*" || mediaType === "application/*") return "json";
  return mediaType === "application/yaml" ? "yaml" : undefined;
}
