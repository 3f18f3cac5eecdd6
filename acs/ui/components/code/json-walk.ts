// The way through a JSON text: where each value lies, what is expected at a place, and what is wrong first.
import { type JsonToken, tokensOf, unquoted } from './json-tokens.ts';

/** Names of members and indexes of entries, from the outside. */
export type JsonPath = readonly string[];

export type Expected = 'value' | 'name' | 'colon' | 'next';

/** Kinds of flaws: what is missing or too much. */
export type FlawKind = 'value' | 'name' | 'colon' | 'comma' | 'quote' | 'end' | 'rest' | 'wrong' | 'twice';

export interface Flaw {
  kind: FlawKind;
  at: number;
}

export interface Step {
  token: JsonToken;
  /** Of the value, or of the member that is named; of the object or list for its signs. */
  path: JsonPath;
  role: 'value' | 'name' | 'sign';
  /** Expected after it, in the object or list of this path. */
  then: Expected;
  inside: JsonPath;
}

export interface Walk {
  steps: readonly Step[];
  flaw: Flaw | undefined;
}

interface Level {
  isList: boolean;
  path: JsonPath;
  names: Set<string>;
  count: number;
}

class Walker {
  readonly steps: Step[] = [];
  readonly #levels: Level[] = [];
  #expected: Expected = 'value';
  /** An object or list may end at once, not after a comma. */
  #mayClose = false;
  #path: JsonPath = [];

  /** @returns the kind of flaw that the token is */
  take(token: JsonToken): FlawKind | undefined {
    if (token.kind === 'wrong') return token.text.startsWith('"') ? 'quote' : 'wrong';
    if (this.#expected === 'value') return this.#value(token);
    if (this.#expected === 'name') return this.#name(token);
    if (this.#expected === 'colon') {
      if (token.text !== ':') return 'colon';
      this.#step(token, 'sign', 'value');
      return undefined;
    }
    return this.#next(token);
  }

  end(): FlawKind | undefined {
    if (this.#expected === 'value' || this.#expected === 'colon') return 'value';
    return this.#levels.length > 0 ? 'end' : undefined;
  }

  #step(token: JsonToken, role: Step['role'], then: Expected): void {
    this.#expected = then;
    this.#mayClose = false;
    this.steps.push({ token, path: this.#path, role, then, inside: this.#levels.at(-1)?.path ?? [] });
  }

  #value(token: JsonToken): FlawKind | undefined {
    const level = this.#levels.at(-1);
    if (token.text === ']' && this.#mayClose && level?.isList) return this.#close(token);
    if (token.kind === 'sign' && token.text !== '{' && token.text !== '[') return 'value';
    if (level?.isList) this.#path = [...level.path, String(level.count++)];
    if (token.kind !== 'sign') {
      this.#step(token, 'value', 'next');
      return undefined;
    }
    const isList = token.text === '[';
    this.#levels.push({ isList, path: this.#path, names: new Set(), count: 0 });
    this.#step(token, 'value', isList ? 'value' : 'name');
    this.#mayClose = true;
    return undefined;
  }

  #name(token: JsonToken): FlawKind | undefined {
    const level = this.#levels.at(-1);
    if (token.text === '}' && this.#mayClose) return this.#close(token);
    if ((token.kind !== 'name' && token.kind !== 'text') || !level) return 'name';
    const name = unquoted(token.text);
    if (level.names.has(name)) return 'twice';
    level.names.add(name);
    this.#path = [...level.path, name];
    this.#step(token, 'name', 'colon');
    return undefined;
  }

  #next(token: JsonToken): FlawKind | undefined {
    const level = this.#levels.at(-1);
    if (!level) return 'rest';
    if (token.text === (level.isList ? ']' : '}')) return this.#close(token);
    if (token.text !== ',') return 'comma';
    this.#path = level.path;
    this.#step(token, 'sign', level.isList ? 'value' : 'name');
    return undefined;
  }

  #close(token: JsonToken): undefined {
    const level = this.#levels.pop();
    this.#path = level?.path ?? [];
    this.#step(token, 'sign', 'next');
  }
}

/** Goes through a text up to its end or its first flaw. */
export function walkOf(source: string): Walk {
  const walker = new Walker();
  for (const token of tokensOf(source)) {
    const kind = walker.take(token);
    if (kind) return { steps: walker.steps, flaw: { kind, at: token.at } };
  }
  const kind = walker.end();
  return { steps: walker.steps, flaw: kind && { kind, at: source.trimEnd().length } };
}

/** A place in a text at which something is written. */
export interface Context {
  role: 'value' | 'name';
  /** Of the value; of the object for a name. */
  path: JsonPath;
  /** Written before the place, without its quote. */
  begin: string;
  /** The part of the text that a completion replaces. */
  from: number;
  to: number;
}

/** Undefined where neither a name nor a value is written. */
export function contextAt({ steps, flaw }: Walk, source: string, offset: number): Context | undefined {
  const step = steps.findLast(({ token }) => token.at < offset);
  if (!step) return undefined;
  const { token, role, path, then, inside } = step;
  const end = token.at + token.text.length;
  if (role !== 'sign' && offset <= end && token.text.startsWith('"')) {
    const begin = unquoted(offset === end ? token.text : token.text.slice(0, offset - token.at));
    const place = { begin, from: token.at, to: end };
    return role === 'name' ? { role, path: path.slice(0, -1), ...place } : { role: 'value', path, ...place };
  }
  if (offset < end) return undefined;
  const place = openText(flaw, source, offset) ?? { begin: '', from: offset, to: offset };
  if (then === 'name') return { role: 'name', path: inside, ...place };
  return then === 'value' ? { role: 'value', path, ...place } : undefined;
}

/** A text around the offset that has no closing quote yet. */
function openText(
  flaw: Flaw | undefined,
  source: string,
  offset: number,
): Pick<Context, 'begin' | 'from' | 'to'> | undefined {
  if (flaw?.kind !== 'quote' || flaw.at >= offset || source.slice(flaw.at, offset).includes('\n')) return undefined;
  return { begin: unquoted(source.slice(flaw.at, offset)), from: flaw.at, to: offset };
}
