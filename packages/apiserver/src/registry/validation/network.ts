import { isIP, isIPv4 } from "node:net";

/** Reasons why the text is not an IP address. */
export function addressReasons(text: string): string[] {
  return isIP(text) === 0 ? ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"] : [];
}

/** Reasons why the text is not a range in CIDR form. */
export function cidrReasons(text: string): string[] {
  const [address = "", bits = "", ...rest] = text.split("/");
  const limit = isIPv4(address) ? 32 : 128;
  const right = rest.length === 0 && isIP(address) !== 0 && /^\d+$/.test(bits) && Number(bits) <= limit;
  return right ? [] : ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
}
