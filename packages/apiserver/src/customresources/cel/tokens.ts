/** A word of an expression. */
export interface Token {
  readonly kind: "number" | "string" | "name" | "operator" | "end";
  readonly text: string;
  /** Of numbers and strings. */
  readonly value?: number | string;
  readonly at: number;
}

/** An expression that cannot be read, or that fails when it is evaluated. */
export class CelError extends Error {
  override readonly name = "CelError";
}

const SPACE = /^(?:\s+|\/\/[^\n]*)/;
const NUMBER = /^(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)u?/;
const NAME = /^[A-Za-z_]\w*/;
const OPERATOR = /^(?:&&|\|\||==|!=|<=|>=|\.\?|\[\?|[-+*/%<>!?:.,()[\]{}])/;
const TEXT = /^([rR]?)(?:"""([\s\S]*?)"""|'''([\s\S]*?)'''|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')/;

/** @throws CelError at what is no word of the language */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    const space = SPACE.exec(rest);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const token = readToken(rest, at);
    tokens.push(token);
    at += token.text.length;
  }
  return [...tokens, { kind: "end", text: "", at }];
}

function readToken(rest: string, at: number): Token {
  const string = TEXT.exec(rest);
  if (string !== null) {
    const [text, raw, ...bodies] = string;
    const body = bodies.find((one) => one !== undefined) ?? "";
    return { kind: "string", text, value: raw === "" ? unescaped(body) : body, at };
  }
  const number = NUMBER.exec(rest);
  if (number !== null)
    return { kind: "number", text: number[0], value: Number(number[0].replace(/u$/, "")), at };
  const name = NAME.exec(rest);
  if (name !== null) return { kind: "name", text: name[0], at };
  const operator = OPERATOR.exec(rest);
  if (operator !== null) return { kind: "operator", text: operator[0], at };
  throw new CelError(`unexpected character "${rest.charAt(0)}" at ${at}`);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

function unescaped(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (_, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? code),
  );
}
