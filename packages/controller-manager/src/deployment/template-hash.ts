import { createHash } from "node:crypto";
import type { PodTemplateSpec } from "@jdos/api";
import { type DeepReadonly, deepEqual } from "@jdos/apimachinery";

export const TEMPLATE_HASH = "pod-template-hash";

const LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const LENGTH = 10;

type Template = DeepReadonly<PodTemplateSpec>;

/** A name for a template: equal templates have equal names; a collision count makes another. */
export function templateHash(template: Template, collisionCount = 0): string {
  const digest = createHash("sha256")
    .update(`${canonical(template)}#${collisionCount}`)
    .digest();
  return Array.from(digest.subarray(0, LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/** Whether two templates ask for the same Pods; the hash label does not count. */
export function equalTemplates(a: Template | undefined, b: Template | undefined): boolean {
  return deepEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: Template | undefined): unknown {
  const { [TEMPLATE_HASH]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** JSON with sorted members. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}
