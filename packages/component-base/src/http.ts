/**
 * Node's HTTP module, for programs that stay. An import of "node:http" by its name reads all its exports, and with
 * them loads Node's fetch and WebSocket: 13 MiB and 60 ms in each process, whether it uses them or not. Types come
 * from "node:http" as ever.
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");
