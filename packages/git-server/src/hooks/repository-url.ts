const PORTS: Readonly<Record<string, string>> = {
  "ssh:": "22",
  "git:": "9418",
  "http:": "80",
  "https:": "443",
};
const SCP = /^(?:[A-Za-z0-9_.-]+@)?([A-Za-z0-9.-]+):(?!\/\/)(.+)$/;

/**
 * What the forms of a repository's address have in common: "git.example.org/team/shop" for
 * https://git.example.org/Team/shop.git and git@git.example.org:team/shop. A port other than the scheme's stays. Forges
 * take no notice of case. Undefined: it is no address.
 */
export function repositoryKey(address: string): string | undefined {
  const scp = address.includes("://") ? null : SCP.exec(address);
  if (scp !== null) return keyOf(scp[1] ?? "", scp[2] ?? "");
  if (!URL.canParse(address)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(address);
  const known = PORTS[protocol];
  if (known === undefined || hostname === "") return undefined;
  return keyOf(port === "" || port === known ? hostname : `${hostname}:${port}`, pathname);
}

function keyOf(host: string, path: string): string {
  const trimmed = path
    .replace(/^\/+/, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/i, "");
  return `${host}/${trimmed}`.toLowerCase();
}

/** Whether one of the addresses is the repository. */
export function isSameRepository(address: string, others: readonly string[]): boolean {
  const key = repositoryKey(address);
  return key !== undefined && others.some((other) => repositoryKey(other) === key);
}
