import { type Files, ROUTE_MAPS } from "./files.ts";
import { BEGIN_LATENCY, COUNT_LATENCY, LATENCY_TABLE } from "./latency.ts";
import type { BackendLayout, Layout, Slot } from "./layout.ts";

/** Changes with the text of this file: a worker that runs an earlier one would misread what it is told. */
export const CONFIG_REVISION = 3;

export interface RenderOptions {
  files: Files;
  listenAddress: string;
  httpPort: number;
  /** Shown by `show info`, to tell which configuration runs. */
  version: string;
}

/**
 * The whole configuration file. Names and sentences come from validated object names; nothing a user wrote freely
 * gets in. Source: HAProxy 2.6 Configuration Manual.
 */
export function renderConfig(layout: Layout, options: RenderOptions): string {
  const sections = [
    globalSection(options),
    defaultsSection(),
    routesFrontend(options),
    noRouteBackend(),
    section("backend latency", LATENCY_TABLE),
    ...layout.backends.map((backend) => backendSection(backend, options)),
    ...layout.tcp.map(({ port, backend }) =>
      section(`frontend tcp-${port}`, [
        "mode tcp",
        `bind ${options.listenAddress}:${port}`,
        `default_backend ${backend}`,
      ]),
    ),
  ];
  return `${sections.join("\n\n")}\n`;
}

function section(head: string, lines: readonly string[]): string {
  return [head, ...lines.map((line) => `  ${line}`)].join("\n");
}

function globalSection({ files, version }: RenderOptions): string {
  return section("global", [
    `description ${version}`,
    `stats socket ${files.adminSocket} mode 600 level admin expose-fd listeners`,
    "stats timeout 1m",
    "hard-stop-after 10m",
    "log stdout format raw daemon warning",
  ]);
}

function defaultsSection(): string {
  return section("defaults", [
    "mode http",
    "log global",
    // A worker that stops says so with each connection's next answer: hanging up on idle ones, also by and by
    // (close-spread-time), would meet requests that are on their way.
    "option idle-close-on-response",
    "option dontlognull",
    "option redispatch 1",
    "retries 3",
    "retry-on conn-failure empty-response",
    "timeout connect 2s",
    "timeout client 60s",
    "timeout server 60s",
    "timeout http-request 30s",
    "timeout http-keep-alive 15s",
    "timeout tunnel 1h",
    "timeout queue 5s",
    "balance roundrobin",
  ]);
}

/** The path is looked up with a slash behind it, so that a prefix ends where a path segment does. */
function routesFrontend({ files, listenAddress, httpPort }: RenderOptions): string {
  const lookups: string[] = [];
  for (const host of ["host", "wildcard", "any"]) {
    for (const match of ROUTE_MAPS) {
      const converter = match === "exact" ? "map_str" : "map_beg";
      const found = lookups.length === 0 ? "" : " if !{ var(txn.route) -m found }";
      lookups.push(
        `http-request set-var(txn.route) var(txn.${host}_${match}),${converter}(${files.maps[match]})${found}`,
      );
    }
  }
  return section("frontend routes", [
    `bind ${listenAddress}:${httpPort}`,
    "option forwardfor",
    "http-request set-header X-Forwarded-Proto http",
    "http-request set-header X-Forwarded-Host %[req.hdr(host)]",
    "http-request set-var(txn.path) path",
    "http-request set-var(txn.host) req.hdr(host),field(1,:),lower",
    "http-request set-var(txn.wild) var(txn.host),regsub(^[^.]+,*)",
    "http-request set-var(txn.host_exact) var(txn.host),concat(,txn.path)",
    "http-request set-var(txn.wildcard_exact) var(txn.wild),concat(,txn.path)",
    "http-request set-var(txn.any_exact) var(txn.path)",
    "http-request set-var(txn.host_prefix) var(txn.host_exact),concat(/)",
    "http-request set-var(txn.wildcard_prefix) var(txn.wildcard_exact),concat(/)",
    "http-request set-var(txn.any_prefix) var(txn.any_exact),concat(/)",
    ...lookups,
    "http-request set-var(txn.backend) var(txn.route),field(1,:) if { var(txn.route) -m found }",
    // Drawn for each request anew; a weight changes with the map.
    "http-request set-var(txn.weight) var(txn.route),field(3,:),add(0) if { var(txn.route) -m sub : }",
    "http-request set-var(txn.backend) var(txn.route),field(2,:) if { var(txn.weight) -m found } { rand(100),sub(txn.weight) lt 0 }",
    ...BEGIN_LATENCY,
    ...COUNT_LATENCY,
    "http-request disable-l7-retry unless { method GET HEAD OPTIONS PUT DELETE }",
    "use_backend %[var(txn.backend)] if { var(txn.backend) -m found }",
    "default_backend no-route",
  ]);
}

function noRouteBackend(): string {
  return section("backend no-route", [
    'http-request return status 404 content-type "text/plain; charset=utf-8" lf-string "No application answers at %[req.hdr(host)]. The applications that do: jdos app list\\n"',
  ]);
}

function backendSection({ name, serves, mode, slots }: BackendLayout, { files }: RenderOptions): string {
  const lines = [`mode ${mode}`, ...slots.map(serverLine)];
  if (mode === "http") {
    const sentence = `%[var(txn.backend),map_str(${files.maps.sentences})]`;
    const answer = `content-type "text/plain; charset=utf-8" lf-string "${sentence}\\n" hdr Retry-After 1`;
    lines.splice(1, 0, `http-error status 503 ${answer}`);
  }
  return section(`backend ${name}${serves === null ? "" : ` # ${serves}`}`, lines);
}

/** weight 0 is what the state drain amounts to. */
function serverLine(slot: Slot, index: number): string {
  if (slot === null) return `server ${slotName(index)} 127.0.0.1:1 disabled`;
  const drain = slot.state === "draining" ? " weight 0" : "";
  return `server ${slotName(index)} ${slot.address}:${slot.port}${drain}`;
}

export function slotName(index: number): string {
  return `s${index + 1}`;
}
