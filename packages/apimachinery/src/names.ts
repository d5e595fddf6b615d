/** Name rules of the API. Source: kubernetes.io, Object Names and IDs; RFC 1123, RFC 1035. */
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A DNS label (RFC 1123), at most 63 characters: namespaces, container names. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && LABEL.test(name);
}

/** A DNS label that starts with a letter (RFC 1035): Services. */
export function isDnsLabel1035(name: string): boolean {
  return name.length <= 63 && LABEL_1035.test(name);
}

/** A DNS subdomain (RFC 1123), at most 253 characters: most Kinds. */
export function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && SUBDOMAIN.test(name);
}

const SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

/** Five random characters without vowels: what generateName appends. */
export function randomSuffix(length = 5): string {
  const random = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(random, (byte) => SAFE_LETTERS[byte % SAFE_LETTERS.length]).join("");
}
