import { CelError, type Token, tokenize } from "./tokens.ts";

/** An expression, read. */
export type Expression =
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "member"; readonly of: Expression; readonly name: string; readonly optional: boolean }
  | { readonly kind: "index"; readonly of: Expression; readonly by: Expression; readonly optional: boolean }
  | {
      readonly kind: "call";
      readonly of?: Expression;
      readonly name: string;
      readonly args: readonly Expression[];
    }
  | { readonly kind: "unary"; readonly operator: string; readonly of: Expression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "choice";
      readonly when: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Expression, Expression])[] };

/** From the weakest to the strongest. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

const LITERALS = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/**
 * Reads an expression in the Common Expression Language. Source: cel-spec, language definition.
 * @throws CelError when it is malformed
 */
export function parseCel(source: string): Expression {
  const parser = new Parser(tokenize(source));
  const expression = parser.expression();
  parser.end();
  return expression;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(...texts: string[]): string | undefined {
    const { kind, text } = this.#token;
    if (kind === "string" || kind === "number" || !texts.includes(text)) return undefined;
    this.#at++;
    return text;
  }

  #expect(text: string): void {
    if (this.#take(text) === undefined) throw this.#unexpected(`expected "${text}"`);
  }

  #unexpected(what: string): CelError {
    const { text, at } = this.#token;
    return new CelError(`${what} at ${at}, found ${text === "" ? "the end" : `"${text}"`}`);
  }

  end(): void {
    if (this.#token.kind !== "end") throw this.#unexpected("expected the end");
  }

  expression(): Expression {
    const when = this.#binary(0);
    if (this.#take("?") === undefined) return when;
    const then = this.#binary(0);
    this.#expect(":");
    return { kind: "choice", when, then, otherwise: this.expression() };
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = this.#take(...operators);
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    const operator = this.#take("!", "-");
    return operator === undefined ? this.#suffixed() : { kind: "unary", operator, of: this.#unary() };
  }

  #suffixed(): Expression {
    let of = this.#primary();
    for (;;) {
      const dot = this.#take(".", ".?");
      const bracket = dot === undefined ? this.#take("[", "[?") : undefined;
      if (dot !== undefined) of = this.#afterDot(of, dot === ".?");
      else if (bracket !== undefined) {
        of = { kind: "index", of, by: this.expression(), optional: bracket === "[?" };
        this.#expect("]");
      } else return of;
    }
  }

  #afterDot(of: Expression, optional: boolean): Expression {
    const name = this.#name();
    if (this.#take("(") === undefined) return { kind: "member", of, name: unescapeName(name), optional };
    return { kind: "call", of, name, args: this.#items(")") };
  }

  #name(): string {
    const { kind, text } = this.#token;
    if (kind !== "name") throw this.#unexpected("expected a name");
    this.#at++;
    return text;
  }

  #primary(): Expression {
    const { kind, text, value } = this.#token;
    if (kind === "number" || kind === "string") {
      this.#at++;
      return { kind: "literal", value };
    }
    if (kind === "name") return this.#named(text);
    if (this.#take("(") !== undefined) {
      const inner = this.expression();
      this.#expect(")");
      return inner;
    }
    if (this.#take("[") !== undefined) return { kind: "list", items: this.#items("]") };
    if (this.#take("{") !== undefined) return { kind: "map", entries: this.#entries() };
    throw this.#unexpected("expected a value");
  }

  #named(name: string): Expression {
    this.#at++;
    if (LITERALS.has(name)) return { kind: "literal", value: LITERALS.get(name) };
    if (this.#take("(") === undefined) return { kind: "name", name };
    return { kind: "call", name, args: this.#items(")") };
  }

  #items(close: string): Expression[] {
    const items: Expression[] = [];
    while (this.#take(close) === undefined) {
      items.push(this.expression());
      if (this.#take(",") === undefined) {
        this.#expect(close);
        return items;
      }
    }
    return items;
  }

  #entries(): [Expression, Expression][] {
    const entries: [Expression, Expression][] = [];
    while (this.#take("}") === undefined) {
      const key = this.expression();
      this.#expect(":");
      entries.push([key, this.expression()]);
      if (this.#take(",") === undefined) {
        this.#expect("}");
        return entries;
      }
    }
    return entries;
  }
}

const UNESCAPED: Readonly<Record<string, string>> = {
  __dash__: "-",
  __dot__: ".",
  __slash__: "/",
  __underscores__: "__",
};

/** Members whose names are no names of the language are written in another way: "foo__dash__bar" is "foo-bar". */
function unescapeName(name: string): string {
  const reserved =
    /^__(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)__$/.exec(
      name,
    );
  if (reserved !== null) return reserved[1]!;
  return name.replace(/__(dash|dot|slash|underscores)__/g, (word) => UNESCAPED[word] ?? word);
}
