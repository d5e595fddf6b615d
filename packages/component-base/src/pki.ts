import { randomBytes, type webcrypto } from "node:crypto";
import type * as X509 from "@peculiar/x509";
import { ComponentError } from "./errors.ts";

/** A certificate and its private key (PKCS#8), both PEM, EC P-256. */
export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface AuthorityRequest {
  /** Defaults to "jdos". */
  commonName?: string;
  /** Defaults to 3650. */
  days?: number;
}

export interface CertificateRequest {
  /** A user's name for the API server, or a server's name. */
  commonName: string;
  /** The user's groups for the API server. */
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  ipAddresses?: readonly string[];
  usages: readonly ("server" | "client")[];
  /** Defaults to five minutes ago. */
  notBefore?: Date;
  /** Defaults to 365. */
  days?: number;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MILLIS = 24 * 3600 * 1000;
/** Certificates begin a little in the past, for clocks that differ. */
const BACKDATE_MILLIS = 5 * 60 * 1000;

/** Makes a self-signed certificate authority. */
export async function createCertificateAuthority(request: AuthorityRequest = {}): Promise<KeyPair> {
  const { commonName = "jdos", days = 3650 } = request;
  const x509 = await load();
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(days),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: `${certificate.toString("pem")}\n`, keyPem: await exportKey(x509, keys.privateKey) };
}

/**
 * Issues a certificate with a fresh key.
 * @throws ComponentError InvalidCertificateRequest when nothing says what it is for
 */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const { commonName, organizations = [], days = 365 } = request;
  if (request.usages.length === 0) {
    throw new ComponentError(
      "InvalidCertificateRequest",
      `Cannot issue certificate "${commonName}": no usage given`,
      {
        hint: 'Give usages: ["server"], ["client"] or both',
      },
    );
  }
  const x509 = await load();
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(authority.certPem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }],
    issuer: issuer.subject,
    ...validity(days),
    ...(request.notBefore === undefined ? {} : { notBefore: request.notBefore }),
    signingKey: await importKey(x509, authority.keyPem),
    publicKey: keys.publicKey,
    signingAlgorithm: ALGORITHM,
    extensions: await extensionsOf(x509, { request, issuer, publicKey: keys.publicKey }),
  });
  return { certPem: `${certificate.toString("pem")}\n`, keyPem: await exportKey(x509, keys.privateKey) };
}

interface ExtensionsOptions {
  request: CertificateRequest;
  issuer: X509.X509Certificate;
  publicKey: webcrypto.CryptoKey;
}

async function extensionsOf(
  x509: typeof X509,
  { request, issuer, publicKey }: ExtensionsOptions,
): Promise<X509.Extension[]> {
  const usages = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const extensions: X509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => usages[usage])),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(issuer),
  ];
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names));
  return extensions;
}

/** Loaded at first use: a start with certificates on disk does not pay for it. */
async function load(): Promise<typeof X509> {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function exportKey(x509: typeof X509, key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
}

function importKey(x509: typeof X509, pem: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), ALGORITHM, false, ["sign"]);
}

/** Positive and 127 bits wide, as RFC 5280 asks. */
function serialNumber(): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial.toString("hex");
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATE_MILLIS), notAfter: new Date(now + days * DAY_MILLIS) };
}
