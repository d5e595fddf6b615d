import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { type AddressRange, formatAddress, parseAddress } from "./address.ts";
import { CniError } from "./errors.ts";

/** One container's place in the network. */
export interface Attachment {
  readonly containerId: string;
  readonly ifname: string;
  /** Path of the network namespace. */
  readonly netns: string;
  readonly address: string;
  /** Name of the veth end in the host. */
  readonly hostInterface: string;
  /** namespace/name of the Pod, for people; may be "". */
  readonly pod: string;
  /** What hostPort asks for. */
  readonly portMappings: readonly PortMapping[];
  /** It reaches the outside and what is opened to such Pods, and nothing else of this node. */
  readonly confined: boolean;
}

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
}

export type AttachmentRequest = Omit<Attachment, "address">;

/**
 * Who has which address: a SQLite file, synced before an address is answered. An address is taken by one
 * attachment at a time, and the search goes on from the last one given, so that it is not reused soon.
 */
export interface AttachmentStore {
  /** @throws CniError NoAddress */
  add(request: AttachmentRequest): Attachment;
  get(containerId: string, ifname: string): Attachment | undefined;
  list(): Attachment[];
  remove(containerId: string, ifname: string): void;
  close(): void;
}

export interface AttachmentStoreOptions {
  path: string;
  range: AddressRange;
  /** Addresses never given: the gateway. */
  reserved: readonly string[];
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS attachments (
    container_id TEXT NOT NULL,
    ifname TEXT NOT NULL,
    netns TEXT NOT NULL,
    address INTEGER NOT NULL UNIQUE,
    host_interface TEXT NOT NULL,
    pod TEXT NOT NULL,
    port_mappings TEXT NOT NULL,
    confined INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (container_id, ifname)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY CHECK (id = 0), address INTEGER NOT NULL) STRICT;
`;

export function openAttachmentStore({ path, range, reserved }: AttachmentStoreOptions): AttachmentStore {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  db.exec(SCHEMA);
  addMissingColumn(db);
  const insert = db.prepare("INSERT INTO attachments VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const moveCursor = db.prepare(
    "INSERT INTO cursor VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET address = excluded.address",
  );
  const select = db.prepare("SELECT * FROM attachments WHERE container_id = ? AND ifname = ?");
  const selectAll = db.prepare("SELECT * FROM attachments");
  const erase = db.prepare("DELETE FROM attachments WHERE container_id = ? AND ifname = ?");

  const used = new Set<number>(reserved.map(parseAddress));
  for (const row of selectAll.all()) used.add(Number(row.address));
  const lastGiven = db.prepare("SELECT address FROM cursor").get()?.address;
  let cursor = typeof lastGiven === "number" ? lastGiven : range.first - 1;

  return {
    add(request) {
      const address = nextFree(range, used, cursor);
      db.exec("BEGIN IMMEDIATE");
      try {
        insert.run(...columns(request, address));
        moveCursor.run(address);
        db.exec("COMMIT");
      } catch (error) {
        db.exec("ROLLBACK");
        throw error;
      }
      used.add(address);
      cursor = address;
      return { ...request, address: formatAddress(address) };
    },
    get: (containerId, ifname) => {
      const row = select.get(containerId, ifname);
      return row === undefined ? undefined : attachmentOf(row);
    },
    list: () => selectAll.all().map(attachmentOf),
    remove(containerId, ifname) {
      const row = select.get(containerId, ifname);
      if (row === undefined) return;
      erase.run(containerId, ifname);
      used.delete(Number(row.address));
    },
    close: () => db.close(),
  };
}

/** Of a file that was written before Pods could be confined. */
function addMissingColumn(db: DatabaseSync): void {
  const columns = db.prepare("PRAGMA table_info(attachments)").all();
  if (!columns.some(({ name }) => name === "confined"))
    db.exec("ALTER TABLE attachments ADD COLUMN confined INTEGER NOT NULL DEFAULT 0");
}

function nextFree(range: AddressRange, used: ReadonlySet<number>, after: number): number {
  const size = range.last - range.first + 1;
  const start = after >= range.first && after < range.last ? after + 1 : range.first;
  for (let offset = 0; offset < size; offset++) {
    const candidate = range.first + ((start - range.first + offset) % size);
    if (!used.has(candidate)) return candidate;
  }
  throw new CniError("NoAddress", `Cannot give an address: all ${size} of the range are taken`, {
    hint: "Delete Pods that are not needed",
  });
}

function columns(request: AttachmentRequest, address: number): SQLInputValue[] {
  const { containerId, ifname, netns, hostInterface, pod, portMappings, confined } = request;
  const mappings = JSON.stringify(portMappings);
  return [containerId, ifname, netns, address, hostInterface, pod, mappings, Number(confined)];
}

function attachmentOf(row: Record<string, unknown>): Attachment {
  return {
    containerId: String(row.container_id),
    ifname: String(row.ifname),
    netns: String(row.netns),
    address: formatAddress(Number(row.address)),
    hostInterface: String(row.host_interface),
    pod: String(row.pod),
    portMappings: JSON.parse(String(row.port_mappings)) as PortMapping[],
    confined: row.confined === 1,
  };
}
