import type { ApplicationView, SystemView } from "@jdos/api";

export interface PageContent {
  version: string;
  /** Absent: nobody is logged in, and nothing is told. */
  person?: string;
  systems: readonly SystemView[];
  applications: readonly ApplicationView[];
  /** A sentence above the form: why the last login failed. */
  message?: string;
}

/** A page without scripts: what runs here, for whoever is logged in. Every text is escaped. */
export function renderPage(content: PageContent): string {
  const body = content.person === undefined ? loginForm(content) : overview(content);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>JDOS</title>
<style>${STYLE}</style>
</head>
<body>
<header><div class="bar"><a class="brand" href="/">JDOS</a><span class="muted">version ${escapeHtml(content.version)}</span>${
    content.person === undefined
      ? ""
      : `<form method="post" action="/logout"><span class="muted">${escapeHtml(content.person)}</span><button class="plain">Sign out</button></form>`
  }</div></header>
<main>
${body}
</main>
</body>
</html>
`;
}

function loginForm({ message }: PageContent): string {
  return `<section class="card narrow"><h1>Sign in</h1>
<p>JDOS takes your source code and keeps it running. Sign in to see the systems and applications of this installation.</p>
${message === undefined ? "" : `<p class="problem" role="alert">${escapeHtml(message)}</p>`}
<form method="post" action="/login"><label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button></form>
<p class="muted">The administrator's token lies in <code>credentials/platform-token</code> of the data directory.</p></section>`;
}

function overview({ systems, applications }: PageContent): string {
  const ready = applications.filter(({ state }) => state === "Ready").length;
  if (systems.length === 0) {
    return `<section class="card"><h1>Nothing runs here yet</h1><p>Make a system, and deploy an application into it:</p>
<pre>./jdos system create demo
./jdos deploy examples/hello-node --system demo --app hello</pre></section>`;
  }
  const sections = systems.map((system) =>
    systemSection(
      system,
      applications.filter((application) => application.system === system.name),
    ),
  );
  return `<h1>What runs here</h1><p class="muted">${count(systems.length, "system")}, ${count(applications.length, "application")}, ${ready} ready</p>\n${sections.join("\n")}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function systemSection(system: SystemView, applications: readonly ApplicationView[]): string {
  const title =
    system.displayName === undefined ? "" : ` <span class="muted">${escapeHtml(system.displayName)}</span>`;
  const rows = applications.map(applicationRow).join("\n");
  const table =
    applications.length === 0
      ? `<p class="muted">No application yet: <code>jdos deploy PATH --system ${escapeHtml(system.name)} --app NAME</code></p>`
      : `<div class="scroll"><table><thead><tr><th>Application</th><th>State</th><th>Pods</th><th>Release</th><th>Address</th></tr></thead><tbody>${rows}</tbody></table></div>`;
  return `<section class="card"><h2>${escapeHtml(system.name)}${title}</h2>${system.state === "Ready" ? "" : `<p class="problem">${escapeHtml(system.message ?? system.state)}</p>`}${table}</section>`;
}

function applicationRow({
  name,
  state,
  message,
  readyReplicas,
  replicas,
  release,
  url,
}: ApplicationView): string {
  const link =
    url !== undefined && /^https?:\/\//.test(url)
      ? `<a href="${escapeHtml(url)}">${escapeHtml(url.replace(/^https?:\/\//, ""))}</a>`
      : "";
  return `<tr><td>${escapeHtml(name)}</td><td><span class="state ${state.toLowerCase()}">${state}</span>${
    state === "Ready" || message === undefined ? "" : `<div class="muted small">${escapeHtml(message)}</div>`
  }</td><td class="number">${readyReplicas}/${replicas}</td><td class="number">${release === undefined ? "–" : `v${release}`}</td><td>${link}</td></tr>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

const STYLE = `
:root{--ink:#16202b;--muted:#5d6b7a;--line:#e1e6ec;--ground:#f5f7f9;--card:#fff;--accent:#c5162e;--good:#11734b;--good-ground:#def3e8;--busy:#7a5200;--busy-ground:#fdf0d2;--bad:#a1152a;--bad-ground:#fde3e6}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--muted:#98a6b5;--line:#2c3641;--ground:#12181f;--card:#1a222b;--accent:#ff6475;--good:#6fd8a6;--good-ground:#153a2b;--busy:#f0c668;--busy-ground:#3d3114;--bad:#ff8d99;--bad-ground:#471a22}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
.bar,main{max-width:64rem;margin:0 auto;padding:0 1.25rem}
header{background:var(--card);border-bottom:1px solid var(--line)}
.bar{display:flex;align-items:center;gap:.75rem;min-height:3.5rem}
.bar form{margin-left:auto;display:flex;gap:.75rem;align-items:center}
.brand{font-weight:750;letter-spacing:.04em;color:var(--accent);text-decoration:none;font-size:1.15rem}
main{padding-top:1.75rem;padding-bottom:3rem}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:0 0 .75rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem 1.5rem;margin:1.25rem 0}
.narrow{max-width:28rem;margin:3rem auto}
.muted{color:var(--muted)}.small{font-size:.85rem}h2 .muted{font-weight:400}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th{font-size:.8rem;font-weight:600;color:var(--muted);text-align:left}
th,td{padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child td{border-bottom:0}.number{font-variant-numeric:tabular-nums}
.state{display:inline-block;padding:.05rem .6rem;border-radius:1rem;font-size:.85rem;background:var(--busy-ground);color:var(--busy)}
.state.ready{background:var(--good-ground);color:var(--good)}.state.failed,.state.degraded{background:var(--bad-ground);color:var(--bad)}
.state.stopped,.state.empty,.state.deleting{background:var(--line);color:var(--muted)}
.problem{background:var(--bad-ground);color:var(--bad);padding:.5rem .75rem;border-radius:.5rem}
a{color:var(--accent)}code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{background:var(--ground);padding:1rem;border-radius:.5rem;overflow-x:auto}
label{display:block;font-weight:600;margin-bottom:.25rem}
input{width:100%;padding:.6rem .75rem;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:.5rem;margin-bottom:.75rem}
button{font:inherit;font-weight:600;padding:.55rem 1.1rem;border:0;border-radius:.5rem;background:var(--accent);color:var(--card);cursor:pointer}
button.plain{background:none;color:var(--accent);padding:.25rem}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
`;
