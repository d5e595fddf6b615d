import { APP } from "./plan.ts";

export interface LighttpdOptions {
  /** What is served: a folder below the application's. Defaults to the application's own. */
  folder?: string;
  /** A path that no file has is answered by the page of this name. */
  fallback?: string;
  /** Runs .php files. */
  php?: boolean;
}

export const LIGHTTPD_CONFIGURATION = "/etc/jdos/lighttpd.conf";
export const LIGHTTPD_COMMAND = ["lighttpd", "-D", "-f", LIGHTTPD_CONFIGURATION];

const TYPES: Readonly<Record<string, string>> = {
  avif: "image/avif",
  css: "text/css; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  gif: "image/gif",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  md: "text/markdown; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  wasm: "application/wasm",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  xml: "application/xml",
  zip: "application/zip",
};

/** Files that are no part of a site: the platform's, version control's, and lists of what it is made of. */
const HIDDEN =
  "^/(.*/)?(\\.(?!well-known/)|Procfile$|Aptfile(\\\\.build)?$|Dockerfile$|jdos\\.yaml$|composer\\.(json|lock)$|package(-lock)?\\.json$)";

/** The configuration of the web server. Source: lighttpd 1.4, configuration file options. */
export function lighttpdConfiguration({ folder = "", fallback, php = false }: LighttpdOptions): string {
  const types = Object.entries(TYPES).map(([suffix, type]) => `  ".${suffix}" => "${type}",`);
  return [
    `server.modules = ( "mod_access", "mod_rewrite"${php ? ', "mod_fastcgi"' : ""} )`,
    `server.document-root = "${APP}${folder === "" ? "" : `/${folder}`}"`,
    "server.port = env.PORT",
    'server.bind = "0.0.0.0"',
    'server.tag = ""',
    'server.upload-dirs = ( "/tmp" )',
    `index-file.names = ( ${php ? '"index.php", ' : ""}"index.html" )`,
    `$HTTP["url"] =~ "${HIDDEN}" { url.access-deny = ( "" ) }`,
    ...(php ? ['$HTTP["url"] =~ "^/vendor/" { url.access-deny = ( "" ) }', ...PHP] : []),
    ...(fallback === undefined
      ? []
      : [
          `url.rewrite-if-not-file = ( "^${php ? "/(?!.*\\.(css|js|png|jpg|ico|svg)$)" : "[^.?]*(\\?.*)?$"}" => "/${fallback}" )`,
        ]),
    "mimetype.assign = (",
    ...types,
    '  "" => "application/octet-stream"',
    ")",
    "",
  ].join("\n");
}

/** Source: lighttpd, mod_fastcgi; PHP as FastCGI processes that the server starts. */
const PHP = [
  'static-file.exclude-extensions = ( ".php" )',
  'fastcgi.server = ( ".php" => (( "bin-path" => "/usr/bin/php-cgi", "socket" => "/tmp/php.socket",',
  '  "max-procs" => 1, "bin-environment" => ( "PHP_FCGI_CHILDREN" => "4", "PHP_FCGI_MAX_REQUESTS" => "10000" ),',
  '  "broken-scriptfilename" => "enable" )) )',
];
