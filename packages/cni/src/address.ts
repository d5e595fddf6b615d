/** A range of IPv4 addresses as numbers, both ends included. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
  readonly prefixLength: number;
}

/** "10.64.0.5" as an unsigned number. Throws RangeError for anything else. */
export function parseAddress(text: string): number {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) {
    throw new RangeError(`Cannot read address "${text}": four numbers up to 255 expected`);
  }
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The inverse of parseAddress(). */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** The addresses of a CIDR that hosts may have: without the network's own and the broadcast address. */
export function parseRange(cidr: string): AddressRange {
  const [base = "", length = ""] = cidr.split("/");
  const prefixLength = Number(length);
  if (!/^\d+$/.test(length) || prefixLength < 8 || prefixLength > 30) {
    throw new RangeError(`Cannot read range "${cidr}": a prefix length from 8 to 30 expected`);
  }
  const size = 2 ** (32 - prefixLength);
  const network = Math.floor(parseAddress(base) / size) * size;
  return { first: network + 1, last: network + size - 2, prefixLength };
}

/** A locally administered MAC that an address always has, so that a reused address never meets a stale neighbour. */
export function macOf(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return ["0a", "58", ...bytes].join(":");
}
