import { matchesRequirements, type Requirement } from "./selector.ts";

/** One expression of a NodeSelectorTerm. */
export interface NodeSelectorExpression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly NodeSelectorExpression[];
  readonly matchFields?: readonly NodeSelectorExpression[];
}

export interface SelectableNode {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

/** What of a Pod's spec says on which nodes it may be. */
export interface NodeConstraints {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms: readonly NodeSelectorTerm[];
      };
    };
  };
}

/** Whether nodeSelector and required node affinity allow the node. Source: kubernetes.io, Assigning Pods to Nodes. */
export function matchesNode({ nodeSelector = {}, affinity }: NodeConstraints, node: SelectableNode): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(nodeSelector).every(([key, value]) => labels[key] === value)) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => matchesNodeTerm(term, node));
}

/** Whether a term selects the node; a term without expressions selects none. */
export function matchesNodeTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  { metadata }: SelectableNode,
): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchesRequirements(matchExpressions.map(requirement), metadata.labels) &&
    matchesRequirements(matchFields.map(requirement), { "metadata.name": metadata.name })
  );
}

function requirement({ key, operator, values = [] }: NodeSelectorExpression): Requirement {
  return { key, operator: operator as Requirement["operator"], values };
}

interface TaintLike {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

interface TolerationLike {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** Whether one of the tolerations accepts the taint. Source: kubernetes.io, Taints and Tolerations. */
export function tolerates(tolerations: readonly TolerationLike[] | undefined, taint: TaintLike): boolean {
  return tolerations?.some((toleration) => accepts(toleration, taint)) === true;
}

function accepts(
  { key = "", operator = "Equal", value = "", effect = "" }: TolerationLike,
  taint: TaintLike,
): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  return operator === "Exists" || (operator === "Equal" && key !== "" && value === (taint.value ?? ""));
}
