import type { Declarations, Definition, Field, FieldType } from "./declarations.ts";
import { emptyCounts, formatOfInteger, isBytes } from "./field-facts.ts";
import { jsonType, scalars } from "./scalars.ts";

export interface Findings {
  readonly unknownFields: string[];
  readonly typeErrors: string[];
}

type Members = Record<string, unknown>;

/** Walks one object along its definition. */
export class Inspector {
  readonly #declarations: Declarations;
  readonly findings: Findings = { unknownFields: [], typeErrors: [] };

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  /**
   * Finds what does not belong, and brings the rest into the form in which it is stored, in place: null members
   * and unknown fields go, quantities become canonical. What is frozen was stored before, and is right.
   */
  object(definition: Definition, object: Members, path: string): void {
    for (const [name, value] of Object.entries(object)) {
      if (isObject(value) && Object.isFrozen(value)) continue;
      const at = path === "" ? name : `${path}.${name}`;
      const field = definition.fields.get(name);
      if (field === undefined) {
        this.findings.unknownFields.push(at);
        delete object[name];
      } else if (value === null || value === undefined || this.#isNothing(definition, name, field, value)) {
        delete object[name];
      } else {
        const place = { definition: definition.name, field: name, path: at };
        object[name] = this.#value(field.type, value, place);
      }
    }
  }

  /** An optional string, list or map that is empty is as good as absent, but for a few. */
  #isNothing(definition: Definition, name: string, field: Field, value: unknown): boolean {
    if (field.required) return false;
    switch (field.type.kind) {
      case "string":
        return value === "" && !emptyCounts(definition.name, name);
      case "list":
        return Array.isArray(value) && value.length === 0;
      case "map":
        return isObject(value) && Object.keys(value).length === 0;
      default:
        return false;
    }
  }

  #value(type: FieldType, value: unknown, place: Place): unknown {
    switch (type.kind) {
      case "any":
        return value;
      case "string":
        return this.#string(value, place);
      case "boolean":
        return this.#expect(typeof value === "boolean", value, place, "bool");
      case "integer":
        return this.#expect(Number.isSafeInteger(value), value, place, formatOfInteger(place.field));
      case "number":
        return this.#expect(typeof value === "number", value, place, "float64");
      case "int-or-string":
        return this.#expect(
          typeof value === "string" || Number.isSafeInteger(value),
          value,
          place,
          "intstr.IntOrString",
        );
      case "list":
        return this.#list(type.of, value, place);
      case "map":
        return this.#map(type.of, value, place);
      case "ref":
        return this.#reference(type.to, value, place);
    }
  }

  #string(value: unknown, place: Place): unknown {
    if (typeof value === "string" && isBytes(place.definition, place.field)) return this.#bytes(value, place);
    return this.#expect(typeof value === "string", value, place, "string");
  }

  #bytes(value: string, { path }: Place): unknown {
    const clean = value.replace(/[\r\n]/g, "");
    const wrong = /[^A-Za-z0-9+/=]/.exec(clean);
    if (wrong !== null || clean.length % 4 !== 0) {
      this.findings.typeErrors.push(
        `${path}: illegal base64 data at input byte ${wrong?.index ?? clean.length}`,
      );
    }
    return clean;
  }

  #list(of: FieldType, value: unknown, place: Place): unknown {
    if (!Array.isArray(value)) return this.#expect(false, value, place, `[]${goName(of, place.field)}`);
    return value.map((item, index) => this.#value(of, item, { ...place, path: `${place.path}[${index}]` }));
  }

  #map(of: FieldType, value: unknown, place: Place): unknown {
    if (!isObject(value)) return this.#expect(false, value, place, `map[string]${goName(of, place.field)}`);
    for (const [key, member] of Object.entries(value)) {
      const at = { ...place, path: `${place.path}.${key}` };
      value[key] = member === null && of.kind === "string" ? "" : this.#value(of, member, at);
    }
    return value;
  }

  #reference(to: string, value: unknown, place: Place): unknown {
    const scalar = scalars[to];
    if (scalar !== undefined) {
      const read = scalar.read(value);
      if ("value" in read) return read.value;
      this.findings.typeErrors.push(`${place.path}: ${read.wrong}`);
      return value;
    }
    const definition = this.#declarations.get(to);
    if (definition === undefined) return value;
    if (!isObject(value)) return this.#expect(false, value, place, `v1.${lastName(to)}`);
    this.object(definition, value, place.path);
    return value;
  }

  #expect(right: boolean, value: unknown, { definition, path }: Place, type: string): unknown {
    if (right) return value;
    const given = typeof value === "number" ? `number ${value}` : jsonType(value);
    this.findings.typeErrors.push(
      `json: cannot unmarshal ${given} into Go struct field ${lastName(definition)}.${path} of type ${type}`,
    );
    return value;
  }
}

/** Where a value stands. */
interface Place {
  readonly definition: string;
  readonly field: string;
  readonly path: string;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function goName(type: FieldType, field: string): string {
  if (type.kind === "ref") return `v1.${lastName(type.to)}`;
  return type.kind === "integer" ? formatOfInteger(field) : type.kind;
}
