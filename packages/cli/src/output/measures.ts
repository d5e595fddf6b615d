/** "120m", "1.50": CPU cores as Kubernetes writes them, whole cores from one on. */
export function cores(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return value < 1 ? `${Math.round(value * 1000)}m` : value.toFixed(2);
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** "64 MiB", "1.4 GiB" */
export function byteSize(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${BYTE_UNITS[unit]}`;
}

/** "0.3/s", "120/s" */
export function perSecond(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value < 10 ? value.toFixed(1) : Math.round(value)}/s`;
}

/** "0 %", "0.4 %" */
export function share(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  const percent = value * 100;
  return `${percent === 0 || percent >= 10 ? Math.round(percent) : percent.toFixed(1)} %`;
}

/** "12 ms", "1.4 s" */
export function latency(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

const BARS = "▁▂▃▄▅▆▇█";

/** A character a value, from zero to the largest; a gap where there is none. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  return values
    .map((value) => {
      if (value === undefined) return " ";
      return BARS[most === 0 ? 0 : Math.round((value / most) * (BARS.length - 1))];
    })
    .join("");
}
