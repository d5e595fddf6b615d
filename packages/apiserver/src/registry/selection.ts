import {
  type FieldTerm,
  matchesRequirements,
  parseFieldSelector,
  parseSelector,
  type Requirement,
  StatusError,
} from "@jdos/apimachinery";
import type { StoredObject } from "../storage/event.ts";
import type { WatchSelection } from "../storage/watch-hub.ts";
import type { Call } from "./call.ts";
import type { Strategy } from "./strategy.ts";

export interface SelectorOptions {
  labelSelector?: string;
  fieldSelector?: string;
}

/**
 * The selection of a list or watch.
 * @throws StatusError BadRequest for a selector that cannot be read or a field that cannot be selected by
 */
export function selectionOf(
  call: Call,
  { labelSelector = "", fieldSelector = "" }: SelectorOptions,
): WatchSelection & { readonly everything: boolean } {
  const requirements = parseSelector(labelSelector);
  const terms = parseFieldSelector(fieldSelector);
  checkTerms(call, terms);
  const exact = (path: string) => terms.find((term) => term.path === path && term.equal)?.value;
  const name = call.name === "" ? exact("metadata.name") : call.name;
  const namespace = call.namespace === "" ? exact("metadata.namespace") : call.namespace;
  const nodeName = call.endpoint.type.kind === "Pod" ? exact("spec.nodeName") : undefined;
  return {
    ...(namespace === undefined || namespace === "" ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(nodeName === undefined ? {} : { nodeName }),
    everything: requirements.length === 0 && terms.length === 0 && name === undefined,
    matches: (object) =>
      (namespace === undefined || namespace === "" || object.metadata.namespace === namespace) &&
      (name === undefined || object.metadata.name === name) &&
      matchesTerms(call.endpoint.strategy, terms, object) &&
      matchesRequirements(requirements as Requirement[], object.metadata.labels),
  };
}

function checkTerms({ endpoint: { strategy, type } }: Call, terms: readonly FieldTerm[]): void {
  for (const { path } of terms) {
    if (
      path === "metadata.name" ||
      path === "metadata.namespace" ||
      strategy.selectableFields?.[path] !== undefined
    )
      continue;
    throw new StatusError(
      "BadRequest",
      `Unable to find "${type.group === "" ? "" : `${type.group}/`}${type.version}, Resource=${type.resource}" that match label selector "", field selector "${path}": field label not supported: ${path}`,
    );
  }
}

function matchesTerms(strategy: Strategy, terms: readonly FieldTerm[], object: StoredObject): boolean {
  return terms.every(({ path, equal, value }) => (fieldValue(strategy, path, object) === value) === equal);
}

function fieldValue(strategy: Strategy, path: string, object: StoredObject): string {
  if (path === "metadata.name") return object.metadata.name;
  if (path === "metadata.namespace") return object.metadata.namespace ?? "";
  return strategy.selectableFields![path]!(object as never);
}
