import { json } from "../answer.ts";
import type { ApiResponse } from "../request.ts";

/** The version of Kubernetes whose API this is. */
export const VERSION = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.0+jdos",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2024-12-11T00:00:00Z",
  goVersion: "",
  compiler: "node",
  platform: `linux/${process.arch === "x64" ? "amd64" : process.arch}`,
} as const;

/** GET /version */
export function handleVersion(): ApiResponse {
  return json(200, `${JSON.stringify(VERSION, null, 2)}\n`);
}
