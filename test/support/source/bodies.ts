// The bodies of functions, methods, classes and tests in a source, with their lines.
import { codeOf } from './code.ts';

export interface BodyLines {
  name: string;
  /** The line of its head, from 1. */
  line: number;
  /** From its head to its closing brace. */
  lines: number;
}

const keywords = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'return', 'super', 'function', 'await']);
const open = '([{';
const close = ')]}';
/** A brace after these begins a type or an object, never a body. */
const noBody = /(?:[:<|&,(=[?]|=>)\s*$/;

export function bodiesOf(source: string): BodyLines[] {
  const { code } = codeOf(source);
  const lineAt = lineFinder(code);
  const bodies: BodyLines[] = [];
  for (const { name, at, brace } of headsOf(code, source)) {
    const end = matching(code, brace);
    const line = lineAt(at);
    if (end >= 0) bodies.push({ name, line, lines: lineAt(end) - line + 1 });
  }
  return bodies;
}

interface Head {
  name: string;
  at: number;
  /** Where its body begins. */
  brace: number;
}

function* headsOf(code: string, source: string): Generator<Head> {
  for (const found of code.matchAll(/\bclass\s+(\w+)/g))
    yield* head(found[1], found.index, afterType(code, found.index));
  // `function name(`, `name(`, `#name(` and `name<T>(`: where a body follows the parameters, it is declared here.
  for (const found of code.matchAll(/(?<![\w.])(#?\w+)\s*(?:<[^()]*?>\s*)?\(/g)) {
    const [text, name = ''] = found;
    const start = found.index;
    const params = matching(code, start + text.length - 1);
    if (keywords.has(name) || params < 0) continue;
    if (name === 'it') yield* test(code, source, start);
    else yield* head(name, start, bodyAfter(code, params + 1));
  }
  for (const found of code.matchAll(/\b(?:const|let)\s+(\w+)[^=;]*=\s*(?:async\s*)?(?:<[^=]*?>\s*)?(?=\()/g)) {
    const params = matching(code, found.index + found[0].length);
    const arrow = params < 0 ? -1 : arrowAfter(code, params + 1);
    if (arrow >= 0) yield* head(found[1], found.index, arrow);
  }
}

function* head(name: string | undefined, at: number, brace: number): Generator<Head> {
  if (name !== undefined && brace >= 0) yield { name, at, brace };
}

/** The callback of `it`, named by the beginning of its title. */
function* test(code: string, source: string, start: number): Generator<Head> {
  const arrow = /^it\s*\(\s*(?:async\s*)?(?:function\s*)?\([^)]*\)\s*(?::[^{]*)?(?:=>\s*)?\{/.exec(code.slice(start));
  if (!arrow) {
    const end = matching(code, code.indexOf('(', start));
    const callback = /,\s*(?:async\s*)?(?:function\s*)?\([^)]*\)[^{=]*(?:=>\s*)?\{/.exec(code.slice(start, end));
    const title = /['"`]([^'"`]{1,40})/.exec(source.slice(start))?.[1] ?? '';
    if (callback) yield { name: `it '${title}'`, at: start, brace: start + callback.index + callback[0].length - 1 };
  }
}

/** The brace that follows parameters and a return type; -1 where none does. */
function bodyAfter(code: string, from: number): number {
  const next = /^\s*([:{])/.exec(code.slice(from, from + 200));
  if (!next) return -1;
  return next[1] === '{' ? from + next[0].length - 1 : afterType(code, from + next[0].length);
}

/** The brace after `=>`, where one follows parameters and a return type. */
function arrowAfter(code: string, from: number): number {
  for (let at = from; at < code.length; at++) {
    const char = code[at] ?? '';
    if (char === '=' && code[at + 1] === '>') {
      const brace = /^=>\s*\{/.exec(code.slice(at, at + 200));
      return brace ? at + brace[0].length - 1 : -1;
    }
    if (char === ';' || close.includes(char)) return -1;
    if (open.includes(char)) at = Math.max(at, matching(code, at));
  }
  return -1;
}

/** The first brace that begins a body, behind a type that may have braces of its own. */
function afterType(code: string, from: number): number {
  for (let at = from; at < code.length; at++) {
    const char = code[at] ?? '';
    if (char === '{' && !noBody.test(code.slice(Math.max(0, at - 40), at))) return at;
    if (char === ';' || char === ',' || close.includes(char)) return -1;
    if (open.includes(char)) at = Math.max(at, matching(code, at));
  }
  return -1;
}

/** The bracket that closes the one at `from`; -1 where there is none. */
function matching(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    const char = code[at] ?? '';
    if (open.includes(char)) depth++;
    else if (close.includes(char) && --depth === 0) return at;
  }
  return -1;
}

function lineFinder(code: string): (at: number) => number {
  const ends: number[] = [];
  for (let at = code.indexOf('\n'); at >= 0; at = code.indexOf('\n', at + 1)) ends.push(at);
  return at => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}
