import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderTemplate } from "./template.ts";

/** "$" and "{" apart, for they are placeholders of manifests and not of JavaScript. */
const P = (name: string): string => `$${`{${name}}`}`;
const render = (text: string, values: Record<string, unknown>) =>
  renderTemplate(text, { file: "a.yaml", values });

describe("renderTemplate()", () => {
  it("renderTemplate() writes texts, numbers, lists and mappings in place of their names", () => {
    const text = `kind: A\nname: ${P("x.y")}\ncount: ${P("n")}\nlist: ${P("l")}\nmap: ${P("m")}\nshell: "$PWD $(POD_IP)"\n`;
    assert.deepEqual(render(text, { "x.y": "a/b:1", n: 2, l: ["c"], m: { d: "e" } }), [
      { kind: "A", name: "a/b:1", count: 2, list: ["c"], map: { d: "e" }, shell: "$PWD $(POD_IP)" },
    ]);
  });

  it("renderTemplate() keeps the lines of a condition that holds, also one within another", () => {
    const text =
      "a: 1\n# if on\nb: 2\n  # unless off\nc: 3\n  # end\n# if off\nd: 4\n# if on\ne: 5\n# end\n# end\n# end\n";
    assert.deepEqual(render(text, { on: "yes", off: [] }), [{ a: 1, b: 2, c: 3 }]);
    assert.deepEqual(render(text, { on: false, off: 0 }), [{ a: 1 }]);
  });

  it("renderTemplate() gives a checksum that changes with any value of the file, and leaves out empty documents", () => {
    const text = `a: ${P("x")}\nsum: ${P("checksum")}\n---\n# if never\nb: 1\n# end\n`;
    const sum = (x: string) => (render(text, { x, never: false }) as unknown as { sum: string }[])[0]!.sum;
    assert.match(sum("1"), /^[0-9a-f]{16}$/);
    assert.equal(sum("1"), sum("1"));
    assert.notEqual(sum("1"), sum("2"));
    assert.equal(render(text, { x: 1, never: false }).length, 1);
  });

  it("renderTemplate() refuses names nobody knows and conditions without an end", () => {
    assert.throws(() => render(`a: ${P("x")}`, {}), { code: "ManifestInvalid", message: /no value "x"/ });
    assert.throws(() => render("# if x\na: 1", { x: true }), { message: /1 conditions without "# end"/ });
    assert.throws(() => render("# end\n", {}), { message: /without a beginning/ });
  });
});
