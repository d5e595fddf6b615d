import type { User } from "../registry/call.ts";
import type { Attributes } from "./authorizer.ts";
import type { Rule } from "./rule.ts";
import { ruleAllows } from "./rule.ts";

/** The parts of `wanted` that `held` does not allow: what a user would gain by writing the role. */
export function uncovered(user: User, wanted: readonly Rule[], held: readonly Rule[]): Rule[] {
  return wanted
    .flatMap(atoms)
    .filter((atom) => !held.some((rule) => ruleAllows(rule, attributesOf(user, atom)) && covers(rule, atom)));
}

/** A rule with one verb on one resource of one group, or on one path. */
function atoms(rule: Rule): Rule[] {
  const verbs = rule.verbs ?? [];
  const paths = (rule.nonResourceURLs ?? []).flatMap((url) =>
    verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] })),
  );
  const names = rule.resourceNames ?? [];
  const resources = (rule.apiGroups ?? []).flatMap((group) =>
    (rule.resources ?? []).flatMap((resource) =>
      verbs.flatMap((verb) =>
        (names.length === 0 ? [undefined] : names).map((name) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(name === undefined ? {} : { resourceNames: [name] }),
        })),
      ),
    ),
  );
  return [...paths, ...resources];
}

function attributesOf(user: User, atom: Rule): Attributes {
  const verb = atom.verbs[0]!;
  const url = atom.nonResourceURLs?.[0];
  if (url !== undefined) return { user, verb, path: url };
  const [resource, subresource] = atom.resources![0]!.split("/", 2) as [string, string | undefined];
  const name = atom.resourceNames?.[0];
  return {
    user,
    verb,
    group: atom.apiGroups![0]!,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  };
}

/** A wildcard is covered by a wildcard only. */
function covers(rule: Rule, atom: Rule): boolean {
  const wild = (of: "verbs" | "apiGroups" | "resources") =>
    atom[of]?.includes("*") !== true || rule[of]?.includes("*") === true;
  return wild("verbs") && wild("apiGroups") && wild("resources");
}
