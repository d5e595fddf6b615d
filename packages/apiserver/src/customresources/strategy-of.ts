import type { CustomResourceDefinition } from "@jdos/api";
import { deepEqual, type FieldError, type KubeObject } from "@jdos/apimachinery";
import type { CustomResourceDefinitionVersion } from "kubernetes-types/apiextensions/v1.d.ts";
import type { Strategy, Subresource } from "../registry/strategy.ts";
import { dnsSubdomain, nameRule } from "../registry/validation/names.ts";
import { evaluateChangeRules, evaluateStateRules } from "./cel/rules.ts";
import { customColumns } from "./columns.ts";
import { applyDefaults } from "./default.ts";
import { compileJsonPath } from "./json-path.ts";
import { prune } from "./prune.ts";
import { scaleOf } from "./scale.ts";
import type { Members, Schema } from "./schema.ts";
import { validateSchema } from "./validate.ts";

const OPEN: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** How one version of a custom resource is served. */
export function strategyOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): Strategy {
  const { group, names, scope } = definition.spec;
  const schema = (version.schema?.openAPIV3Schema as Schema | undefined) ?? OPEN;
  const { status, scale } = version.subresources ?? {};
  return {
    type: {
      group,
      version: version.name,
      resource: names.plural,
      kind: names.kind,
      namespaced: scope === "Namespaced",
    },
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    subresources: subresourcesOf(version),
    validateName: nameRule(dnsSubdomain),
    defaults(object) {
      prune(schema, object);
      applyDefaults(schema, object);
    },
    prepareForCreate(object) {
      if (status !== undefined) delete (object as Members).status;
      object.metadata = { ...object.metadata, generation: 1 };
    },
    prepareForUpdate(object, old, _context, subresource) {
      prepareForUpdate(object, old, { subresource, apart: status !== undefined });
    },
    validate: (object) => [...validateCustom(schema, object), ...evaluateStateRules(schema, object)],
    validateUpdate: (object, old, subresource) => [
      ...(subresource === undefined
        ? []
        : [...validateCustom(schema, object), ...evaluateStateRules(schema, object)]),
      ...evaluateChangeRules(schema, object, old),
    ],
    selectableFields: selectableFieldsOf(version),
    columns: customColumns(version.additionalPrinterColumns),
    custom: {
      ...(schema === OPEN ? {} : { openAPIV3Schema: schema }),
      prune: (object) => prune(schema, object),
    },
    ...(scale === undefined ? {} : { scale: scaleOf(scale) }),
  };
}

function subresourcesOf({ subresources }: CustomResourceDefinitionVersion): Subresource[] {
  const list: Subresource[] = [];
  const verbs = ["get", "patch", "update"];
  if (subresources?.scale !== undefined)
    list.push({ name: "scale", verbs, group: "autoscaling", version: "v1", kind: "Scale" });
  if (subresources?.status !== undefined) list.push({ name: "status", verbs });
  return list;
}

function prepareForUpdate(
  given: KubeObject,
  stored: KubeObject,
  { subresource, apart }: { subresource: string | undefined; apart: boolean },
): void {
  const object = given as Members;
  const old = stored as Members;
  if (apart && subresource === "status") {
    const { status } = object;
    for (const name of Object.keys(object)) if (name !== "metadata") delete object[name];
    Object.assign(object, {
      ...old,
      metadata: { ...stored.metadata, managedFields: given.metadata?.managedFields },
    });
    if (status === undefined) delete object.status;
    else object.status = status;
    return;
  }
  if (apart) {
    if (old.status === undefined) delete object.status;
    else object.status = old.status;
  }
  const generation = stored.metadata?.generation ?? 1;
  const same = deepEqual(contentOf(object, apart), contentOf(old, apart));
  given.metadata = { ...given.metadata, generation: same ? generation : generation + 1 };
}

function contentOf({ metadata: _, status, ...rest }: Members, apart: boolean): unknown {
  return apart ? rest : { ...rest, status };
}

function validateCustom(schema: Schema, object: KubeObject): FieldError[] {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  const { required = [], ...root } = schema;
  const properties = { ...schema.properties };
  for (const name of ["apiVersion", "kind", "metadata"]) delete properties[name];
  const own = required.filter((name) => properties[name] !== undefined);
  return [
    ...validateName(schema.properties?.metadata, metadata),
    ...validateSchema({ ...root, properties, required: own }, rest),
  ];
}

/** Of metadata a schema may narrow the name alone. */
function validateName(schema: Schema | undefined, metadata: KubeObject["metadata"]): FieldError[] {
  const { name } = schema?.properties ?? {};
  return name === undefined ? [] : validateSchema(name, metadata?.name ?? "", "metadata.name");
}

function selectableFieldsOf(
  version: CustomResourceDefinitionVersion,
): Record<string, (object: KubeObject) => string> {
  const fields: Record<string, (object: KubeObject) => string> = {};
  const given = (version as { selectableFields?: { jsonPath: string }[] }).selectableFields ?? [];
  for (const { jsonPath } of given) {
    const find = compileJsonPath(jsonPath);
    if (find !== undefined) fields[jsonPath.replace(/^\./, "")] = (object) => String(find(object)[0] ?? "");
  }
  return fields;
}
