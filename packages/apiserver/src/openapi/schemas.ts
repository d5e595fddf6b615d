import type { ResourceType } from "@jdos/apimachinery";
import type { Catalog } from "../registry/catalog.ts";
import type { SchemaFindings, SchemaSource } from "../registry/schema.ts";
import { type Declarations, definitionName } from "./declarations.ts";
import { Inspector } from "./inspect.ts";

const NOTHING: SchemaFindings = { unknownFields: [], typeErrors: [] };

/** The schemas of the built-in Kinds and, through the catalog, of custom resources. */
export class Schemas implements SchemaSource {
  readonly #declarations: Declarations;
  readonly #catalog: Pick<Catalog, "find">;

  constructor(declarations: Declarations, catalog: Pick<Catalog, "find">) {
    this.#declarations = declarations;
    this.#catalog = catalog;
  }

  /**
   * Checks the form of an object and brings it, in place, into the form in which it is stored. Values of a wrong
   * type in custom resources are the business of their strategy's rules.
   */
  inspect(type: ResourceType, object: unknown): SchemaFindings {
    if (typeof object !== "object" || object === null || Array.isArray(object)) {
      return { unknownFields: [], typeErrors: [`expected an object, got ${JSON.stringify(object)}`] };
    }
    const members = object as Record<string, unknown>;
    const strategy = this.#catalog.find(type)?.strategy;
    const inspector = new Inspector(this.#declarations);
    if (strategy?.custom !== undefined) {
      const meta = this.#declarations.get(OBJECT_META);
      const metadata = members.metadata;
      if (meta !== undefined && typeof metadata === "object" && metadata !== null) {
        inspector.object(meta, metadata as Record<string, unknown>, "metadata");
      }
      const { typeErrors, unknownFields } = inspector.findings;
      return { typeErrors, unknownFields: [...unknownFields, ...strategy.custom.prune(members)] };
    }
    const definition = this.#declarations.get(definitionName(type.group, type.version, type.kind));
    if (definition === undefined) return NOTHING;
    inspector.object(definition, members, "");
    return inspector.findings;
  }
}

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
