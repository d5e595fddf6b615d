import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { ComponentError } from "../errors.ts";

/** ECDSA on P-256 with SHA-256, which every tool for signatures of images knows. */
export interface VerifyingKey {
  /** SHA-256 of the public key, DER, in hexadecimal. */
  readonly id: string;
  /** PEM. */
  readonly publicKey: string;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

export interface SigningKey extends VerifyingKey {
  sign(bytes: Uint8Array): Buffer;
}

/** A new private key, PKCS #8 as PEM. */
export function newSigningKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

/** @throws ComponentError InvalidOption */
export function readSigningKey(pem: string): SigningKey {
  const key = parse(() => createPrivateKey(pem));
  return { ...verifying(createPublicKey(key)), sign: (bytes) => sign("sha256", bytes, key) };
}

/** @throws ComponentError InvalidOption */
export function readVerifyingKey(pem: string): VerifyingKey {
  return verifying(parse(() => createPublicKey(pem)));
}

function verifying(key: KeyObject): VerifyingKey {
  const der = key.export({ type: "spki", format: "der" });
  return {
    id: createHash("sha256").update(der).digest("hex"),
    publicKey: key.export({ type: "spki", format: "pem" }) as string,
    verify: (bytes, signature) => verify("sha256", bytes, key, signature),
  };
}

function parse(read: () => KeyObject): KeyObject {
  const hint = "It is an ECDSA key on P-256 as PEM: openssl ecparam -genkey -name prime256v1 -noout";
  let key: KeyObject;
  try {
    key = read();
  } catch {
    // What OpenSSL says of it may quote it.
    throw new ComponentError("InvalidOption", "Cannot use the signing key: it is no key in PEM", { hint });
  }
  if (key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw new ComponentError("InvalidOption", "Cannot use the signing key: it is not on the curve P-256", {
      hint,
    });
  return key;
}
