/** Addresses of a CIDR, given out and taken back. The lower part is left to those who ask for an address by name. */
export class AddressRange {
  readonly #first: number;
  readonly #size: number;
  readonly #reserved: number;
  readonly #used = new Set<number>();
  #next: number;

  /** @param cidr IPv4, "10.128.0.0/16" */
  constructor(cidr: string) {
    const [base = "", bits = "32"] = cidr.split("/");
    this.#first = toNumber(base);
    this.#size = 2 ** (32 - Number(bits));
    this.#reserved = Math.min(Math.max(16, Math.floor(this.#size / 16)), 256);
    this.#next = this.#reserved;
  }

  /** True when the address is one that can be given out: neither the first nor the last of the range. */
  contains(address: string): boolean {
    const offset = toNumber(address) - this.#first;
    return offset > 0 && offset < this.#size - 1;
  }

  isUsed(address: string): boolean {
    return this.#used.has(toNumber(address) - this.#first);
  }

  use(address: string): void {
    this.#used.add(toNumber(address) - this.#first);
  }

  release(address: string): void {
    this.#used.delete(toNumber(address) - this.#first);
  }

  /** A free address, now used; undefined when there is none. */
  allocate(): string | undefined {
    const upper =
      this.#find(this.#next, this.#size - 1) ??
      this.#find(this.#reserved, this.#next) ??
      this.#find(1, this.#reserved);
    if (upper === undefined) return undefined;
    this.#used.add(upper);
    this.#next = upper + 1 < this.#size - 1 ? upper + 1 : this.#reserved;
    return toText(this.#first + upper);
  }

  #find(from: number, to: number): number | undefined {
    for (let offset = from; offset < to; offset++) if (!this.#used.has(offset)) return offset;
    return undefined;
  }
}

function toNumber(address: string): number {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255))
    return Number.NaN;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
