import { X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type CertificateRequest,
  createCertificateAuthority,
  issueCertificate,
  type KeyPair,
} from "@jdos/component-base";

/** Renewed when less than this is left. */
const RENEW_DAYS = 30;

/** A certificate authority kept as NAME.crt and NAME.key; made when absent. */
export async function ensureAuthority(directory: string, name: string, commonName: string): Promise<KeyPair> {
  const present = await readPair(directory, name);
  if (present !== undefined) return present;
  const made = await createCertificateAuthority({ commonName });
  await writePair(directory, name, made);
  return made;
}

/** A certificate kept as NAME.crt and NAME.key; issued again when it ends soon or no longer says what is asked. */
export async function ensureCertificate(
  directory: string,
  name: string,
  { authority, request }: { authority: KeyPair; request: CertificateRequest },
): Promise<KeyPair> {
  const present = await readPair(directory, name);
  if (present !== undefined && serves(present, authority, request)) return present;
  const made = await issueCertificate(authority, request);
  await writePair(directory, name, made);
  return made;
}

function serves({ certPem }: KeyPair, authority: KeyPair, request: CertificateRequest): boolean {
  const certificate = new X509Certificate(certPem);
  const left = new Date(certificate.validTo).getTime() - Date.now();
  if (left < RENEW_DAYS * 24 * 3600 * 1000) return false;
  if (!certificate.verify(new X509Certificate(authority.certPem).publicKey)) return false;
  const names = certificate.subjectAltName ?? "";
  const wanted = [
    ...(request.dnsNames ?? []).map((value) => `DNS:${value}`),
    ...(request.ipAddresses ?? []).map((value) => `IP Address:${value}`),
  ];
  const present = names.split(", ");
  return wanted.every((value) => present.includes(value));
}

export async function readPair(directory: string, name: string): Promise<KeyPair | undefined> {
  try {
    const [certPem, keyPem] = await Promise.all(
      ["crt", "key"].map((extension) => readFile(join(directory, `${name}.${extension}`), "utf8")),
    );
    return { certPem: certPem!, keyPem: keyPem! };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The key first: a certificate on disk always has its key. */
async function writePair(directory: string, name: string, { certPem, keyPem }: KeyPair): Promise<void> {
  await writeSecret(join(directory, `${name}.key`), keyPem);
  await writeSecret(join(directory, `${name}.crt`), certPem);
}

/** Writes a file that only root reads; it appears whole or not at all. */
export async function writeSecret(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  await writeFile(fresh, content, { mode: 0o600, flush: true });
  await rename(fresh, path);
}
