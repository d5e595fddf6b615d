import { type KubeObject, parseApiVersion, StatusError } from "@jdos/apimachinery";
import protobuf from "protobufjs/minimal.js";
import {
  type Declarations,
  type Definition,
  definitionName,
  type FieldType,
} from "../openapi/declarations.ts";
import { isBytes } from "../openapi/field-facts.ts";
import { type MessageFields, messageFields } from "./messages.ts";
import { isMeant } from "./zero-values.ts";

export const PROTOBUF = "application/vnd.kubernetes.protobuf";

/** Every body begins with these bytes. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

type Members = Record<string, unknown>;
type Reader = protobuf.Reader;

/**
 * Reads an object in Kubernetes' binary form, as typed clients send it.
 * @throws StatusError BadRequest for what cannot be read, UnsupportedMediaType for a Kind without binary form
 */
export function decodeProtobuf(body: Buffer, declarations: Declarations): KubeObject {
  if (!body.subarray(0, 4).equals(MAGIC)) {
    throw new StatusError(
      "BadRequest",
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    );
  }
  try {
    const { apiVersion, kind, raw } = readEnvelope(protobuf.Reader.create(body.subarray(4)));
    const { group, version } = parseApiVersion(apiVersion);
    const definition =
      declarations.get(definitionName(group, version, kind)) ?? declarations.get(`${META}.${kind}`);
    const fields = definition === undefined ? undefined : messageFields(shortName(definition.name));
    if (definition === undefined || fields === undefined) {
      throw new StatusError(
        "UnsupportedMediaType",
        `the binary form of ${kind} in ${apiVersion} is not known here: send application/json`,
      );
    }
    const object: Members = { apiVersion, kind };
    new Decoder(declarations).message(protobuf.Reader.create(raw), { definition, fields, object });
    return object as KubeObject;
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw new StatusError("BadRequest", "the protobuf message cannot be read", { cause: error });
  }
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/** runtime.Unknown: the type, and the object's own bytes. */
function readEnvelope(reader: Reader): Envelope {
  const envelope: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array() };
  eachField(reader, (number) => {
    if (number === 2) envelope.raw = reader.bytes();
    else if (number === 1) {
      const inner = protobuf.Reader.create(reader.bytes());
      eachField(inner, (which) => {
        if (which === 1) envelope.apiVersion = inner.string();
        else if (which === 2) envelope.kind = inner.string();
        else return false;
        return true;
      });
    } else return false;
    return true;
  });
  return envelope;
}

/** Calls back for each field; what is not taken (false) is skipped. */
function eachField(reader: Reader, take: (number: number, wireType: number) => boolean): void {
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (!take(tag >>> 3, tag & 7)) reader.skipType(tag & 7);
  }
}

function shortName(name: string): string {
  return name.replace(/^io\.k8s\.(apimachinery\.pkg\.apis|api)\./, "");
}

interface Target {
  definition: Definition;
  fields: MessageFields;
  object: Members;
}

class Decoder {
  readonly #declarations: Declarations;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  message(reader: Reader, target: Target): void {
    eachField(reader, (number, wireType) => this.#field(reader, target, { number, wireType }));
  }

  #field(
    reader: Reader,
    { definition, fields, object }: Target,
    at: { number: number; wireType: number },
  ): boolean {
    const name = fields.get(at.number);
    if (name === undefined) return false;
    if (name.startsWith("*")) {
      const group = shortName(definition.name).replace(/\.\w+$/, "");
      const inner = messageFields(`${group}.${name.slice(1)}`);
      if (inner === undefined) return false;
      this.message(protobuf.Reader.create(reader.bytes()), { definition, fields: inner, object });
      return true;
    }
    const field = definition.fields.get(name);
    if (field === undefined) return false;
    this.#store(
      reader,
      { type: field.type, name, object, definition, required: field.required },
      at.wireType,
    );
    return true;
  }

  #store(reader: Reader, { type, name, object, definition, required }: Storing, wireType: number): void {
    if (type.kind === "list") {
      object[name] ??= [];
      const list = object[name] as unknown[];
      if (type.of.kind === "integer" && wireType === 2) {
        const packed = protobuf.Reader.create(reader.bytes());
        while (packed.pos < packed.len) list.push(Number(packed.int64()));
      } else list.push(this.#value(reader, type.of, { definition, name }));
      return;
    }
    if (type.kind === "map") {
      object[name] ??= {};
      this.#mapEntry(reader, type.of, { object: object[name] as Members, definition, name });
      return;
    }
    const value = this.#value(reader, type, { definition, name });
    const unset = value === undefined || ((value === 0 || value === false) && !required && !isMeant(name));
    if (!unset) object[name] = value;
  }

  #mapEntry(
    reader: Reader,
    of: FieldType,
    { object, definition, name }: { object: Members; definition: Definition; name: string },
  ): void {
    const entry = protobuf.Reader.create(reader.bytes());
    let key = "";
    let value: unknown = of.kind === "string" ? "" : undefined;
    eachField(entry, (number) => {
      if (number === 1) key = entry.string();
      else if (number === 2)
        value = of.kind === "list" ? readItems(entry) : this.#value(entry, of, { definition, name });
      else return false;
      return true;
    });
    if (value !== undefined) object[key] = value;
  }

  #value(
    reader: Reader,
    type: FieldType,
    { definition, name }: { definition: Definition; name: string },
  ): unknown {
    switch (type.kind) {
      case "string":
        if (isBytes(definition.name, name)) return Buffer.from(reader.bytes()).toString("base64");
        return reader.string();
      case "integer":
        return Number(reader.int64());
      case "boolean":
        return reader.bool();
      case "number":
        return reader.double();
      case "int-or-string":
        return readIntOrString(protobuf.Reader.create(reader.bytes()));
      case "ref":
        return this.#reference(protobuf.Reader.create(reader.bytes()), type.to);
      default:
        throw new StatusError(
          "UnsupportedMediaType",
          `the binary form of "${name}" is not known here: send application/json`,
        );
    }
  }

  #reference(reader: Reader, to: string): unknown {
    const special = SPECIAL[to.slice(to.lastIndexOf(".") + 1)];
    if (special !== undefined) return special(reader);
    const definition = this.#declarations.get(to);
    const fields = messageFields(shortName(to));
    if (definition === undefined || fields === undefined) {
      throw new StatusError(
        "UnsupportedMediaType",
        `the binary form of ${shortName(to)} is not known here: send application/json`,
      );
    }
    const object: Members = {};
    this.message(reader, { definition, fields, object });
    return object;
  }
}

interface Storing {
  type: FieldType;
  name: string;
  object: Members;
  definition: Definition;
  required: boolean;
}

/** Messages that JSON writes as something else than an object. */
const SPECIAL: Readonly<Record<string, (reader: Reader) => unknown>> = {
  Quantity: (reader) => readBytes(reader)?.toString(),
  RawExtension: readJson,
  FieldsV1: readJson,
  Time: (reader) => readTime(reader, 0),
  MicroTime: (reader) => readTime(reader, 6),
};

/** The first field's bytes. */
function readBytes(reader: Reader): Buffer | undefined {
  let bytes: Buffer | undefined;
  eachField(reader, (number) => {
    if (number !== 1) return false;
    bytes = Buffer.from(reader.bytes());
    return true;
  });
  return bytes;
}

function readJson(reader: Reader): unknown {
  const bytes = readBytes(reader);
  return bytes === undefined || bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
}

/** Seconds and nanoseconds; nothing at all is the time that was never set. */
function readTime(reader: Reader, digits: 0 | 6): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  eachField(reader, (number) => {
    if (number === 1) seconds = Number(reader.int64());
    else if (number === 2) nanos = reader.int32();
    else return false;
    return true;
  });
  if (seconds === undefined) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z`;
}

function readIntOrString(reader: Reader): number | string {
  let kind = 0;
  let number = 0;
  let text = "";
  eachField(reader, (which) => {
    if (which === 1) kind = reader.int32();
    else if (which === 2) number = reader.int32();
    else if (which === 3) text = reader.string();
    else return false;
    return true;
  });
  return kind === 0 ? number : text;
}

/** A list as the value of a map is a message with the items in its first field. */
function readItems(reader: Reader): string[] {
  const items: string[] = [];
  const inner = protobuf.Reader.create(reader.bytes());
  eachField(inner, (number) => {
    if (number !== 1) return false;
    items.push(inner.string());
    return true;
  });
  return items;
}
