// Places in a JSON text: the line and the column at which each value begins, and those at which a text stops being JSON (RFC 8259).

export interface TextPosition {
  /** Both count from 1; columns in UTF-16 units, as editors do. */
  line: number;
  column: number;
}

export interface JsonPlace {
  /** The object or list that holds the value; undefined for the whole. */
  parent: JsonPlace | undefined;
  /** Its name or index there. */
  key: string | number;
  /** Number of values around it. */
  depth: number;
  /** Offset of the value. */
  at: number;
}

/** Names of members and indexes of entries, from the outside. */
export function pathOf(place: JsonPlace): (string | number)[] {
  const path: (string | number)[] = [];
  for (let at: JsonPlace | undefined = place; at?.parent; at = at.parent) path.push(at.key);
  return path.reverse();
}

/** The places of a text up to where it ends or goes wrong. */
export interface JsonPlaces {
  places: JsonPlace[];
  /** Offset of the first character that cannot be there; undefined for a JSON text. */
  wrongAt: number | undefined;
}

export function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const blank = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;

/** An object or a list that is open. */
interface Level {
  isList: boolean;
  place: JsonPlace;
  /** Entries that were read. */
  count: number;
}

/** Reads a text without recursion, so that its depth does no harm. */
class JsonScanner {
  readonly #text: string;
  readonly #places: JsonPlace[] = [];
  readonly #levels: Level[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): JsonPlaces {
    const isWhole = this.#value(undefined, '') && this.#rest();
    return { places: this.#places, wrongAt: isWhole ? undefined : this.#at };
  }

  /** Reads what follows the first value until all levels are closed. */
  #rest(): boolean {
    for (let level = this.#levels.at(-1); level; level = this.#levels.at(-1)) {
      this.#take(blank);
      const close = level.isList ? ']' : '}';
      if (this.#is(close)) {
        this.#levels.pop();
        continue;
      }
      if (level.count > 0 && !this.#is(',')) return false;
      if (!this.#entry(level)) return false;
    }
    this.#take(blank);
    return this.#at === this.#text.length;
  }

  #entry(level: Level): boolean {
    const at = level.count++;
    if (level.isList) return this.#value(level.place, at);
    this.#take(blank);
    const name = this.#take(string);
    this.#take(blank);
    if (name === undefined || !this.#is(':')) return false;
    return this.#value(level.place, JSON.parse(name) as string);
  }

  #value(parent: JsonPlace | undefined, key: string | number): boolean {
    this.#take(blank);
    const place = { parent, key, depth: parent ? parent.depth + 1 : 0, at: this.#at };
    this.#places.push(place);
    if (this.#is('{')) this.#levels.push({ isList: false, place, count: 0 });
    else if (this.#is('[')) this.#levels.push({ isList: true, place, count: 0 });
    else return this.#take(string) !== undefined || this.#take(scalar) !== undefined;
    return true;
  }

  #is(character: string): boolean {
    const isThere = this.#text[this.#at] === character;
    if (isThere) this.#at++;
    return isThere;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

export const jsonPlaces = (text: string): JsonPlaces => new JsonScanner(text).scan();
