/**
 * Name rules with the sentences the Kubernetes API gives when they are broken. Each function returns the reasons,
 * none when the value is right. Source: apimachinery's validation rules, kubernetes.io Object Names and IDs.
 */
import { isDnsLabel, isDnsLabel1035, isDnsSubdomain } from "@jdos/apimachinery";

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED_PART =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const CONFIG_KEY =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

function within(limit: number, value: string): string[] {
  return value.length > limit ? [`must be no more than ${limit} bytes`] : [];
}

export function dnsLabel(value: string): string[] {
  if (isDnsLabel(value)) return [];
  const long = within(63, value);
  return isDnsLabel(value.slice(0, 63)) && long.length > 0 ? long : [...long, LABEL];
}

export function dnsLabel1035(value: string): string[] {
  if (isDnsLabel1035(value)) return [];
  const long = within(63, value);
  return isDnsLabel1035(value.slice(0, 63)) && long.length > 0 ? long : [...long, LABEL_1035];
}

export function dnsSubdomain(value: string): string[] {
  if (isDnsSubdomain(value)) return [];
  const long = within(253, value);
  return isDnsSubdomain(value.slice(0, 253)) && long.length > 0 ? long : [...long, SUBDOMAIN];
}

/** "*.example.com" */
export function wildcardSubdomain(value: string): string[] {
  return value.startsWith("*.") && isDnsSubdomain(value.slice(2)) ? [] : [WILDCARD];
}

/** "name" or "example.com/name": label and annotation keys, resource names. */
export function qualifiedName(value: string): string[] {
  const parts = value.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name ${QUALIFIED_PART} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.length === 2 ? parts[1]! : parts[0]!;
  const prefix = parts.length === 2 ? prefixReasons(parts[0]!) : [];
  return [...prefix, ...nameReasons(name)];
}

function prefixReasons(prefix: string): string[] {
  if (prefix === "") return ["prefix part must be non-empty"];
  return dnsSubdomain(prefix).map((reason) => `prefix part ${reason}`);
}

function nameReasons(name: string): string[] {
  const reasons: string[] = [];
  if (name === "") reasons.push("name part must be non-empty");
  else if (name.length > 63) reasons.push("name part must be no more than 63 bytes");
  if (!/^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name)) reasons.push(`name part ${QUALIFIED_PART}`);
  return reasons;
}

export function labelValue(value: string): string[] {
  const long = within(63, value);
  return /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value) ? long : [...long, LABEL_VALUE];
}

/** Keys of ConfigMaps and Secrets. */
export function configKey(value: string): string[] {
  const reasons = value.length > 253 ? ["must be no more than 253 characters"] : [];
  if (!/^[-._a-zA-Z0-9]+$/.test(value)) reasons.push(CONFIG_KEY);
  if (value === ".") reasons.push("must not be '.'");
  if (value === "..") reasons.push("must not be '..'");
  else if (value.startsWith("..")) reasons.push("must not start with '..'");
  return reasons;
}

export function environmentName(value: string): string[] {
  if (value === "") return ["environment variable name must be non-empty"];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function portNumber(value: number): string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65535
    ? []
    : ["must be between 1 and 65535, inclusive"];
}

export function portName(value: string): string[] {
  const reasons: string[] = [];
  if (value.length > 15) reasons.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(value))
    reasons.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) reasons.push("must contain at least one letter (a-z)");
  if (value.includes("--")) reasons.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) reasons.push("must not begin or end with a hyphen");
  return reasons;
}

/** The reason alone, for Strategy.validateName. */
export function nameRule(rule: (value: string) => string[]): (name: string) => string | undefined {
  return (name) => rule(name)[0];
}

/** A name in a path: no "/", no "%", not "." or "..". RBAC names. */
export function pathSegment(value: string): string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}
