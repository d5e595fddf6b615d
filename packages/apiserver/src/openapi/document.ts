import { createHash } from "node:crypto";
import type { Catalog, Endpoint } from "../registry/catalog.ts";
import { customDefinitions } from "./custom.ts";
import { type Declarations, definitionName } from "./declarations.ts";
import { type JsonSchema, type OpenApiVersion, SchemaWriter } from "./emit.ts";
import { encodeDocument } from "./gnostic.ts";
import { pathsOf } from "./paths.ts";

/** A document as it is served. */
export interface ServedDocument {
  readonly body: Buffer;
  /** Changes with the body; in quotes, as the header wants it. */
  readonly etag: string;
}

export interface OpenApiOptions {
  catalog: Pick<Catalog, "all" | "generation">;
  declarations: Declarations;
  /** "v1.32.0" */
  version: string;
}

/** Roots besides the Kinds themselves: bodies and answers of every resource. */
const ALWAYS = ["DeleteOptions", "Status", "APIResourceList", "APIGroup", "WatchEvent"].map(
  (name) => `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`,
);

/** The OpenAPI documents of what is served now. Each is made when it is first asked for and kept until a change. */
export class OpenApi {
  readonly #catalog: OpenApiOptions["catalog"];
  readonly #declarations: Declarations;
  readonly #version: string;
  readonly #made = new Map<string, ServedDocument>();
  #generation = -1;

  constructor({ catalog, declarations, version }: OpenApiOptions) {
    this.#catalog = catalog;
    this.#declarations = declarations;
    this.#version = version;
  }

  /** /openapi/v2 */
  v2(form: "json" | "protobuf"): ServedDocument {
    return this.#keep(`v2/${form}`, () => {
      const document = this.#v2Document();
      return form === "json" ? Buffer.from(JSON.stringify(document)) : encodeDocument(document);
    });
  }

  /** /openapi/v3: where the document of each group and version is. */
  v3Index(): ServedDocument {
    return this.#keep("v3", () => {
      const paths: Record<string, { serverRelativeURL: string }> = {};
      for (const [path, endpoints] of this.#byPath()) {
        paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#hashOf(endpoints)}` };
      }
      return Buffer.from(JSON.stringify({ paths }));
    });
  }

  /** /openapi/v3/api/v1, /openapi/v3/apis/apps/v1, ...; undefined when there is no such group and version. */
  v3(path: string): (ServedDocument & { hash: string }) | undefined {
    const endpoints = this.#byPath().get(path);
    if (endpoints === undefined) return undefined;
    const document = this.#keep(`v3/${path}`, () => {
      const { schemas, paths } = this.#parts(endpoints, 3);
      const whole = { openapi: "3.0.0", info: this.#info(), paths, components: { schemas } };
      return Buffer.from(JSON.stringify(whole));
    });
    return { ...document, hash: this.#hashOf(endpoints) };
  }

  #keep(key: string, make: () => Buffer): ServedDocument {
    if (this.#generation !== this.#catalog.generation) {
      this.#made.clear();
      this.#generation = this.#catalog.generation;
    }
    let served = this.#made.get(key);
    if (served === undefined) {
      const body = make();
      const etag = `"${createHash("sha256").update(body).digest("hex").toUpperCase().slice(0, 64)}"`;
      served = { body, etag };
      this.#made.set(key, served);
    }
    return served;
  }

  #info(): unknown {
    return { title: "Kubernetes", version: this.#version };
  }

  #v2Document(): Record<string, unknown> {
    const { schemas, paths } = this.#parts([...this.#catalog.all()], 2);
    return { swagger: "2.0", info: this.#info(), paths, definitions: schemas };
  }

  #parts(
    endpoints: readonly Endpoint[],
    version: OpenApiVersion,
  ): { schemas: Record<string, JsonSchema>; paths: Record<string, unknown> } {
    const writer = new SchemaWriter(this.#declarations, version);
    const paths: Record<string, unknown> = {};
    for (const name of ALWAYS) writer.add(name);
    for (const endpoint of endpoints) {
      const { type, strategy } = endpoint;
      Object.assign(paths, pathsOf(endpoint, version));
      if (strategy.custom === undefined) {
        for (const kind of [type.kind, `${type.kind}List`])
          writer.add(definitionName(type.group, type.version, kind));
        for (const { group = type.group, version: of = type.version, kind } of strategy.subresources) {
          if (kind !== undefined) writer.add(definitionName(group, of, kind));
        }
      } else {
        for (const name of ["ObjectMeta", "ListMeta"])
          writer.add(`io.k8s.apimachinery.pkg.apis.meta.v1.${name}`);
        Object.assign(writer.schemas, customDefinitions(type, strategy.custom.openAPIV3Schema, version));
      }
    }
    return { schemas: writer.schemas, paths };
  }

  #byPath(): Map<string, Endpoint[]> {
    const groups = new Map<string, Endpoint[]>();
    for (const endpoint of this.#catalog.all()) {
      const { group, version } = endpoint.type;
      const path = group === "" ? `api/${version}` : `apis/${group}/${version}`;
      groups.set(path, [...(groups.get(path) ?? []), endpoint]);
    }
    return groups;
  }

  /** The same for the same resources, over restarts, without making the document. */
  #hashOf(endpoints: readonly Endpoint[]): string {
    const hash = createHash("sha256").update(this.#version);
    for (const { type, strategy } of endpoints) {
      const { singular, subresources, custom } = strategy;
      hash.update(JSON.stringify([type, singular, subresources, custom?.openAPIV3Schema ?? null]));
    }
    return hash.digest("hex").toUpperCase();
  }
}
