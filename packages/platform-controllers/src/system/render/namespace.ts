import type { Namespace, System } from "@jdos/api";
import type { DeepReadonly, Persisted } from "@jdos/apimachinery";
import { systemLabels } from "./labels.ts";

export function renderNamespace(system: DeepReadonly<Persisted<System>>): Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: system.metadata.name, labels: systemLabels(system.metadata.name) },
  };
}
