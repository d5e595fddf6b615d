import { isIP, isIPv4, isIPv6 } from "node:net";

/** The string formats that are checked; any other is a comment. */
export const formats: Readonly<Record<string, (value: string) => boolean>> = {
  "date-time": (value) =>
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value)),
  date: (value) => /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value)),
  duration: (value) => /^([+-]?\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(value) || /^P/.test(value),
  byte: (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0,
  email: (value) => /^[^\s@]+@[^\s@]+$/.test(value),
  hostname: (value) => value.length <= 253 && /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: (value) => isIP(value.split("/")[0] ?? "") !== 0 && /\/\d{1,3}$/.test(value),
  uri: (value) => URL.canParse(value),
  uuid: (value) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value),
  mac: (value) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(value),
};
