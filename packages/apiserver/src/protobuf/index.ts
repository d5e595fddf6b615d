/** Kubernetes' binary form of objects, as typed clients send it. It is read, never written: answers are JSON. */
export { decodeProtobuf, PROTOBUF } from "./decode.ts";
