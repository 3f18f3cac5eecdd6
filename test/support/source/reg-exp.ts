// Regular expressions judged by their form and by trial: repetition within repetition, and time that grows faster than the text.

/** A part of an expression. Alternatives are the members of an `any`. */
export type Part =
  | { kind: 'atom'; source: string }
  | { kind: 'repeat'; part: Part; most: number; least: number }
  | { kind: 'all'; parts: Part[] }
  | { kind: 'any'; parts: Part[] }
  | { kind: 'look'; part: Part };

/** Repetitions from which a bounded quantifier counts as unbounded. */
const MANY = 64;

export function partsOf(source: string): Part {
  const reader = new Reader(source);
  return reader.alternatives();
}

class Reader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  alternatives(): Part {
    const parts = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at++;
      parts.push(this.#sequence());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'any', parts };
  }

  #sequence(): Part {
    const parts: Part[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) parts.push(this.#quantified());
    return { kind: 'all', parts };
  }

  #quantified(): Part {
    const part = this.#single();
    const found = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(this.#source.slice(this.#at, this.#at + 16));
    if (!found) return part;
    this.#at += found[0].length;
    const [, sign, from = '0', range, to] = found;
    if (sign)
      return { kind: 'repeat', part, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Number.POSITIVE_INFINITY };
    const most = range === undefined ? Number(from) : to ? Number(to) : Number.POSITIVE_INFINITY;
    return { kind: 'repeat', part, least: Number(from), most };
  }

  #single(): Part {
    const from = this.#at;
    const char = this.#source[this.#at++];
    if (char === '(') return this.#group();
    if (char === '[') {
      while (this.#source[this.#at] !== ']') this.#at += this.#source[this.#at] === '\\' ? 2 : 1;
      this.#at++;
    } else if (char === '\\') {
      const rest = /^(?:u\{[^}]*\}|u[0-9a-f]{4}|x[0-9a-f]{2}|[pPk][{<][^}>]*[}>]|.)/is.exec(
        this.#source.slice(this.#at),
      );
      this.#at += rest?.[0].length ?? 1;
    }
    return { kind: 'atom', source: this.#source.slice(from, this.#at) };
  }

  #group(): Part {
    const mark = /^\?(?:<?[=!]|:|<[^>]*>)/.exec(this.#source.slice(this.#at))?.[0] ?? '';
    this.#at += mark.length;
    const part = this.alternatives();
    this.#at++;
    return /^\?<?[=!]/.test(mark) ? { kind: 'look', part } : part;
  }
}

const childrenOf = (part: Part): Part[] =>
  part.kind === 'atom' ? [] : part.kind === 'repeat' || part.kind === 'look' ? [part.part] : part.parts;

const isMany = (part: Part): boolean => part.kind === 'repeat' && part.most >= MANY;

const atomsOf = (part: Part): string[] => (part.kind === 'atom' ? [part.source] : childrenOf(part).flatMap(atomsOf));

/** The deepest nesting of repetitions, but for those whose rounds a separator keeps apart, as in `(?:\w+\.)*`. */
export function starHeight(part: Part): number {
  const inner = Math.max(0, ...childrenOf(part).map(starHeight));
  if (part.kind !== 'repeat' || !isMany(part)) return inner;
  return isSeparated(part.part) ? Math.max(1, inner) : inner + 1;
}

/** The sequence begins or ends with an atom that matches nothing of what the others match. */
function isSeparated(part: Part): boolean {
  if (part.kind === 'all' && part.parts.length === 1) return isSeparated(part.parts[0]!);
  if (part.kind !== 'all') return false;
  return [part.parts, part.parts.toReversed()].some(([edge, ...rest]) => {
    const separator = edge?.kind === 'repeat' && edge.least > 0 ? edge.part : edge;
    if (separator?.kind !== 'atom') return false;
    const characters = charactersOf(separator.source, '');
    return rest.flatMap(atomsOf).every(atom => !charactersOf(atom, '').some(char => characters.includes(char)));
  });
}

const CANDIDATES = [...' a0-.:/"<=;,%_A\tz@*\'[]()\\{}!?&#+x\n\r~^|$>'];

const matched = new Map<string, string[]>();

/** Characters that an atom matches. */
function charactersOf(atom: string, flags: string): string[] {
  const key = `${atom} ${flags}`;
  let found = matched.get(key);
  if (!found) {
    const whole = new RegExp(`^(?:${atom})$`, flags.replace(/[gym]/g, ''));
    found = CANDIDATES.filter(char => whole.test(char));
    matched.set(key, found);
  }
  return found;
}

/** A text that a part matches, with a preferred character where it fits. */
function sample(part: Part, flags: string, preferred: string): string {
  switch (part.kind) {
    case 'atom': {
      const characters = charactersOf(part.source, flags);
      return characters.includes(preferred) ? preferred : (characters[0] ?? '');
    }
    case 'repeat':
      return sample(part.part, flags, preferred).repeat(Math.min(part.least, MANY));
    case 'all':
      return part.parts.map(one => sample(one, flags, preferred)).join('');
    case 'any':
      return sample(part.parts[0]!, flags, preferred);
    case 'look':
      return '';
  }
}

interface Attack {
  prefix: string;
  pump: string;
}

/** For each repetition: a text that reaches it, and one that it repeats. */
function attacksOn(part: Part, flags: string, prefix = ''): Attack[] {
  if (part.kind === 'all') {
    let before = prefix;
    return part.parts.flatMap(one => {
      const found = attacksOn(one, flags, before);
      before += sample(one, flags, '');
      return found;
    });
  }
  const inner = childrenOf(part).flatMap(one => attacksOn(one, flags, prefix));
  if (part.kind !== 'repeat' || part.most < MANY) return inner;
  const pumps = new Set(CANDIDATES.map(char => sample(part.part, flags, char)));
  return [...inner, ...[...pumps].filter(pump => pump !== '').map(pump => ({ prefix, pump }))];
}

/** Ends that make an expression fail late. */
const ENDS = ['\u0001', '\n\u0001', ''];

/**
 * Tries an expression on long texts that it almost matches.
 * @param length characters
 * @param clock  milliseconds of this process
 * @returns the text, in short, that costs more than `mostMs`
 */
export function slowText(
  literal: string,
  { length, mostMs, clock }: { length: number; mostMs: number; clock: () => number },
): string | undefined {
  const close = literal.lastIndexOf('/');
  const [source, flags] = [literal.slice(1, close), literal.slice(close + 1)];
  const attacks = attacksOn(partsOf(source), flags);
  for (const { prefix, pump } of attacks) {
    for (const end of ENDS) {
      const text = prefix + pump.repeat(Math.ceil(length / pump.length)) + end;
      const expression = new RegExp(source, flags);
      const began = clock();
      if (flags.includes('g')) text.replace(expression, '');
      else expression.test(text);
      const spent = clock() - began;
      if (spent > mostMs) return `${JSON.stringify(prefix)} + ${JSON.stringify(pump)}… (${Math.round(spent)} ms)`;
    }
  }
  return undefined;
}
