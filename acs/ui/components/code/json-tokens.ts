// The words of a JSON text, whole or not yet whole, each with its place: for colours, marks and completion.

export interface JsonToken {
  kind: 'name' | 'text' | 'number' | 'word' | 'sign' | 'wrong';
  /** Offset of its first character. */
  at: number;
  text: string;
}

const patterns: readonly [JsonToken['kind'] | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['text', /"(?:[^"\\\n]|\\.)*"/y],
  ['wrong', /"[^\n]*/y],
  ['number', /-?\d[\d.eE+-]*/y],
  ['word', /true|false|null/y],
  ['sign', /[{}[\]:,]/y],
  ['wrong', /[^\s{}[\]:,"]+/y],
];

/** Without the spaces between them. A text before a colon is a name. */
export function tokensOf(source: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  let at = 0;
  while (at < source.length) {
    const found = patternAt(source, at);
    if (found.kind === 'sign' && found.text === ':') {
      const before = tokens.at(-1);
      if (before?.kind === 'text') before.kind = 'name';
    }
    if (found.kind !== 'space') tokens.push({ kind: found.kind, at, text: found.text });
    at += found.text.length;
  }
  return tokens;
}

function patternAt(source: string, at: number): { kind: JsonToken['kind'] | 'space'; text: string } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text) return { kind, text };
  }
  return { kind: 'wrong', text: source.charAt(at) };
}

/** The text that a token in quotes stands for; as it is written where that cannot be read. */
export function unquoted(token: string): string {
  try {
    const value: unknown = JSON.parse(token.endsWith('"') && token.length > 1 ? token : `${token}"`);
    return typeof value === 'string' ? value : token;
  } catch (error) {
    if (error instanceof SyntaxError) return token.replace(/^"/, '');
    throw error;
  }
}

/** The line of an offset, from 1. */
export function lineOf(source: string, offset: number): number {
  let line = 1;
  for (let at = source.indexOf('\n'); at >= 0 && at < offset; at = source.indexOf('\n', at + 1)) line++;
  return line;
}
