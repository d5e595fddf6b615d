import type { CustomResourceDefinition } from "@jdos/api";
import type { FieldError } from "@jdos/apimachinery";
import type {
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from "kubernetes-types/apiextensions/v1.d.ts";
import { compileJsonPath } from "../../../customresources/json-path.ts";
import type { Schema } from "../../../customresources/schema.ts";
import { validateStructure } from "../../../customresources/structure.ts";
import { FieldErrors } from "../../validation/field-errors.ts";
import { dnsLabel1035, dnsSubdomain } from "../../validation/names.ts";

export function validateDefinition({ metadata, spec }: CustomResourceDefinition): FieldError[] {
  const errors = new FieldErrors();
  if (spec === undefined) {
    errors.required("spec");
    return errors.list;
  }
  const name = `${spec.names?.plural ?? ""}.${spec.group ?? ""}`;
  if (metadata?.name !== name) {
    errors.invalid("metadata.name", metadata?.name, 'must be spec.names.plural+"."+spec.group');
  }
  if (!spec.group) errors.required("spec.group");
  else if (!spec.group.includes("."))
    errors.invalid("spec.group", spec.group, "should be a domain with at least one dot");
  else errors.allInvalid("spec.group", spec.group, dnsSubdomain(spec.group));
  errors.oneOf("spec.scope", spec.scope, ["Cluster", "Namespaced"]);
  validateNames(errors, spec.names);
  validateConversion(errors, spec.conversion?.strategy);
  validateVersions(errors, spec.versions ?? []);
  if ((spec as { preserveUnknownFields?: boolean }).preserveUnknownFields === true) {
    errors.invalid(
      "spec.preserveUnknownFields",
      true,
      "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
    );
  }
  return errors.list;
}

function validateNames(errors: FieldErrors, names: CustomResourceDefinitionNames | undefined): void {
  for (const member of ["plural", "singular", "kind", "listKind"] as const) {
    const value = names?.[member] ?? "";
    const at = `spec.names.${member}`;
    if (value === "") errors.required(at);
    else errors.allInvalid(at, value, dnsLabel1035(value.toLowerCase()));
  }
  for (const [index, name] of (names?.shortNames ?? []).entries()) {
    errors.allInvalid(`spec.names.shortNames[${index}]`, name, dnsLabel1035(name));
  }
  if (names?.kind !== undefined && names.kind === names.listKind) {
    errors.invalid("spec.names.listKind", names.listKind, "kind and listKind may not be the same");
  }
}

function validateConversion(errors: FieldErrors, strategy: string | undefined): void {
  if (strategy === "Webhook")
    errors.forbidden("spec.conversion.strategy", "this server converts between versions by name only (None)");
  else if (strategy !== undefined) errors.oneOf("spec.conversion.strategy", strategy, ["None", "Webhook"]);
}

function validateVersions(errors: FieldErrors, versions: readonly CustomResourceDefinitionVersion[]): void {
  const names = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const at = `spec.versions[${index}]`;
    errors.allInvalid(`${at}.name`, version.name, dnsLabel1035(version.name ?? ""));
    if (names.has(version.name)) errors.duplicate(`${at}.name`, version.name);
    names.add(version.name);
    validateVersion(errors, at, version);
  }
  if (versions.filter((version) => version.storage).length !== 1) {
    errors.invalid("spec.versions", [...names], "must have exactly one version marked as storage version");
  }
}

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];

function validateVersion(errors: FieldErrors, at: string, version: CustomResourceDefinitionVersion): void {
  const schema = version.schema?.openAPIV3Schema as Schema | undefined;
  if (schema === undefined) errors.required(`${at}.schema.openAPIV3Schema`, "schemas are required");
  else validateStructure(errors, `${at}.schema.openAPIV3Schema`, schema);
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const path = `${at}.additionalPrinterColumns[${index}]`;
    if (!column.name) errors.required(`${path}.name`);
    errors.oneOf(`${path}.type`, column.type, COLUMN_TYPES);
    if (!column.jsonPath) errors.required(`${path}.jsonPath`);
    else if (compileJsonPath(column.jsonPath) === undefined) {
      errors.invalid(
        `${path}.jsonPath`,
        column.jsonPath,
        "must be a JSON path of members, indexes, wildcards and equality filters",
      );
    }
  }
  const scale = version.subresources?.scale;
  if (scale === undefined) return;
  for (const [member, start] of [
    ["specReplicasPath", ".spec."],
    ["statusReplicasPath", ".status."],
  ] as const) {
    const value = scale[member];
    const path = `${at}.subresources.scale.${member}`;
    if (!value) errors.required(path);
    else if (!value.startsWith(start))
      errors.invalid(path, value, `should be a json path under ${start.slice(0, -1)}`);
  }
}

export function validateDefinitionUpdate(
  { spec, status }: CustomResourceDefinition,
  old: CustomResourceDefinition,
  subresource: string | undefined,
): FieldError[] {
  const errors = new FieldErrors();
  if (subresource === "status") return errors.list;
  errors.immutable("spec.group", spec?.group, spec?.group === old.spec?.group);
  errors.immutable("spec.names.plural", spec?.names?.plural, spec?.names?.plural === old.spec?.names?.plural);
  const established = (old.status?.conditions ?? []).some(
    (one) => one.type === "Established" && one.status === "True",
  );
  if (established) {
    errors.immutable("spec.scope", spec?.scope, spec?.scope === old.spec?.scope);
    errors.immutable("spec.names.kind", spec?.names?.kind, spec?.names?.kind === old.spec?.names?.kind);
  }
  for (const [index, stored] of (status?.storedVersions ?? []).entries()) {
    if ((spec?.versions ?? []).some((version) => version.name === stored)) continue;
    errors.invalid(
      `status.storedVersions[${index}]`,
      stored,
      "missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions".replaceAll(
        "v1",
        stored,
      ),
    );
  }
  return errors.list;
}
