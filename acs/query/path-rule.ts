// Rules over parameter paths: full paths, partial paths that end with a dot, and `*` in place of one part.
import { UserError } from '../errors.ts';

/** Judges paths by parts, so that a rule costs as much as its patterns are long. */
export interface PathRule {
  /** The path is one of the rule; a partial path is when all below it are. */
  fits(path: string): boolean;
}

const MAX_PATTERNS = 200;
const MAX_PATTERN = 256;

/** @param place names the list in errors @throws UserError 400 */
export function checkPatterns(place: string, patterns: readonly string[]): void {
  if (patterns.length > MAX_PATTERNS)
    throw new UserError(400, 'bad-path', `${place}: has ${patterns.length} paths, at most ${MAX_PATTERNS} are allowed`);
  for (const pattern of patterns)
    if (pattern.length > MAX_PATTERN || !/^[A-Za-z_][^\s.]*\.(?:[^\s.]+\.)*[^\s.]*$/.test(pattern))
      throw new UserError(
        400,
        'bad-path',
        `${place}: '${pattern.slice(0, MAX_PATTERN)}' is neither a path such as Device.DeviceInfo.UpTime nor a partial path that ends with a dot`,
      );
}

export function pathRule(patterns: readonly string[]): PathRule {
  const rules = patterns.map(pattern => pattern.split('.'));
  return {
    fits: path => {
      const parts = path.split('.');
      return rules.some(rule => covers(rule, parts));
    },
  };
}

/** A partial path has an empty last part. A `*` in the path itself is one part of any name, which only a `*` covers. */
function covers(rule: readonly string[], path: readonly string[]): boolean {
  const isPartial = rule.at(-1) === '';
  const named = isPartial ? rule.slice(0, -1) : rule;
  if (isPartial ? path.length <= named.length : path.length !== named.length) return false;
  return named.every((part, at) => (part === '*' ? path[at] !== '' : part === path[at]));
}
