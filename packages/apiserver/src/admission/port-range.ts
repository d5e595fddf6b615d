/** Ports of a range, given out and taken back. */
export class PortRange {
  readonly #first: number;
  readonly #last: number;
  readonly #used = new Set<number>();

  constructor(first: number, last: number) {
    this.#first = first;
    this.#last = last;
  }

  contains(port: number): boolean {
    return port >= this.#first && port <= this.#last;
  }

  isUsed(port: number): boolean {
    return this.#used.has(port);
  }

  use(port: number): void {
    this.#used.add(port);
  }

  release(port: number): void {
    this.#used.delete(port);
  }

  /** A free port, now used, from a random place on; undefined when there is none. */
  allocate(): number | undefined {
    const size = this.#last - this.#first + 1;
    const start = Math.floor(Math.random() * size);
    for (let step = 0; step < size; step++) {
      const port = this.#first + ((start + step) % size);
      if (this.#used.has(port)) continue;
      this.#used.add(port);
      return port;
    }
    return undefined;
  }

  toString(): string {
    return `${this.#first}-${this.#last}`;
  }
}
