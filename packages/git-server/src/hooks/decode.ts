import { GitServerError } from "../errors.ts";
import type { Received } from "./forges/forge.ts";
import { headerOf } from "./signature.ts";

/** The payload of a body: JSON, or a form whose field "payload" is. @throws GitServerError BadRequest, UnsupportedMediaType */
export function decodePayload({ headers, body }: Received): unknown {
  const type = headerOf(headers, "content-type").split(";")[0]?.trim().toLowerCase();
  if (type === "application/json" || type === undefined || type === "") return parse(body.toString("utf8"));
  if (type === "application/x-www-form-urlencoded") {
    const payload = new URLSearchParams(body.toString("utf8")).get("payload");
    if (payload !== null) return parse(payload);
    throw new GitServerError("BadRequest", 'Cannot read the delivery: the form has no field "payload"', {
      hint: "Choose application/json in the forge's settings",
    });
  }
  throw new GitServerError(
    "UnsupportedMediaType",
    `Cannot read the delivery: its body is "${type.slice(0, 80)}"`,
    {
      hint: "Choose application/json in the forge's settings",
    },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GitServerError("BadRequest", "Cannot read the delivery: its body is not JSON", {
      hint: "Choose application/json in the forge's settings",
      cause,
    });
  }
}
