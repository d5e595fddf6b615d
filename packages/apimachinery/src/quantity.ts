/**
 * Quantities of the Kubernetes API ("500m", "1.5Gi", "2e3").
 * Source: kubernetes.io, API reference, Quantity.
 */
const SUFFIXES: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const FORM = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;

/** The value of a quantity in its base unit (cores, bytes, pieces), or undefined when it is malformed. */
export function parseQuantity(text: string | number): number | undefined {
  if (typeof text === "number") return Number.isFinite(text) ? text : undefined;
  const match = FORM.exec(text);
  if (match === null) return undefined;
  if (match[2] !== undefined) return Number(`${match[1]}${match[2]}`);
  return Number(match[1]) * SUFFIXES[match[3] ?? ""]!;
}

/** CPU as thousandths of a core, rounded up as the scheduler does. A malformed quantity counts as 0. */
export function cpuMillis(text: string | number | undefined): number {
  return text === undefined ? 0 : Math.ceil(round((parseQuantity(text) ?? 0) * 1000));
}

/** Memory or storage in bytes, rounded up. A malformed quantity counts as 0. */
export function bytes(text: string | number | undefined): number {
  return text === undefined ? 0 : Math.ceil(round(parseQuantity(text) ?? 0));
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** "250m", "2": the canonical form of a CPU quantity. */
export function formatCpu(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

/** "64Mi", "1536Ki", "1000": the canonical form of a quantity of bytes, exact. */
export function formatBytes(sizeBytes: number): string {
  for (const suffix of ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"]) {
    const unit = SUFFIXES[suffix]!;
    if (sizeBytes >= unit && sizeBytes % unit === 0) return `${sizeBytes / unit}${suffix}`;
  }
  return String(sizeBytes);
}
