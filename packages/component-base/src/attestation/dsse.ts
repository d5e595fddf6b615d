import type { SigningKey, VerifyingKey } from "./signing-key.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** A signed statement. Source: secure-systems-lab/dsse, envelope.md. */
export interface Envelope {
  payloadType: string;
  /** Base64. */
  payload: string;
  signatures: { keyid?: string; sig: string }[];
}

/** What is said of an artifact. Source: in-toto attestation framework, Statement v1. */
export interface Statement {
  _type: "https://in-toto.io/Statement/v1";
  subject: { name: string; digest: { sha256: string } }[];
  predicateType: string;
  predicate: object;
}

export function sealStatement(statement: Statement, key: SigningKey): Envelope {
  const payload = Buffer.from(JSON.stringify(statement));
  const sig = key.sign(signedBytes(PAYLOAD_TYPE, payload)).toString("base64");
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString("base64"),
    signatures: [{ keyid: key.id, sig }],
  };
}

/** The statement of an envelope; undefined: no signature of it is the key's, or it is no statement. */
export function openStatement(text: string | Uint8Array, key: VerifyingKey): Statement | undefined {
  const envelope = parse(text) as Partial<Envelope> | undefined;
  if (envelope?.payloadType !== PAYLOAD_TYPE || typeof envelope.payload !== "string") return undefined;
  const payload = Buffer.from(envelope.payload, "base64");
  const bytes = signedBytes(PAYLOAD_TYPE, payload);
  const signatures = Array.isArray(envelope.signatures) ? envelope.signatures : [];
  const isSigned = signatures
    .slice(0, 16)
    .some((each) => typeof each?.sig === "string" && key.verify(bytes, Buffer.from(each.sig, "base64")));
  if (!isSigned) return undefined;
  const statement = parse(payload) as Statement | undefined;
  return statement?._type === "https://in-toto.io/Statement/v1" && Array.isArray(statement.subject)
    ? statement
    : undefined;
}

/** Source: dsse, protocol.md: PAE, the pre-authentication encoding. */
function signedBytes(type: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function parse(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : Buffer.from(text).toString("utf8"));
  } catch {
    return undefined;
  }
}
