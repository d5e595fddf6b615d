import type { FieldType } from "./declarations.ts";

const flag: FieldType = { kind: "boolean" };
const text: FieldType = { kind: "string" };

/**
 * Fields of the Kubernetes API that the package kubernetes-types leaves out (names that are no identifiers).
 * Source: kubernetes.io, API reference, JSONSchemaProps.
 */
export const missingFields: Readonly<Record<string, Readonly<Record<string, FieldType>>>> = {
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps": {
    "x-kubernetes-embedded-resource": flag,
    "x-kubernetes-int-or-string": flag,
    "x-kubernetes-list-map-keys": { kind: "list", of: text },
    "x-kubernetes-list-type": text,
    "x-kubernetes-map-type": text,
    "x-kubernetes-preserve-unknown-fields": flag,
    "x-kubernetes-validations": {
      kind: "list",
      of: { kind: "ref", to: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ValidationRule" },
    },
  },
};
