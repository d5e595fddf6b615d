import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { issueSession, personOfSession } from "./session.ts";

const ADA = { name: "ada.l", token: "token-of-ada-123456" };
const BOB = { name: "bob", token: "token-of-bob-123456" };
const NOW = new Date("2026-01-01T00:00:00Z");

describe("personOfSession()", () => {
  it("personOfSession() knows the person of a session that issueSession() made, for twelve hours", () => {
    const cookie = issueSession(ADA, NOW);
    assert.equal(personOfSession(cookie, [BOB, ADA], new Date("2026-01-01T11:59:00Z"))?.name, "ada.l");
    assert.equal(personOfSession(cookie, [BOB, ADA], new Date("2026-01-01T12:01:00Z")), undefined);
    assert.ok(!cookie.includes(ADA.token));
  });

  it("personOfSession() refuses another name, another time, another seal, and a token in its place", () => {
    const [name, expires, sealed] = issueSession(ADA, NOW).split(".");
    const other = Buffer.from("bob").toString("base64url");
    for (const cookie of [
      `${other}.${expires}.${sealed}`,
      `${name}.${Number(expires) + 1}.${sealed}`,
      `${name}.${expires}.`,
      `${name}.${expires}`,
      ADA.token,
      "",
    ]) {
      assert.equal(personOfSession(cookie, [ADA, BOB], NOW), undefined, cookie);
    }
  });
});
