// Faults in words: their codes and causes by name.
import { faultNames } from './en/faults/names.ts';
import { textsOf } from './texts.ts';

const words = textsOf('faultNames', faultNames);

/** The name of a fault by its code: No such parameter. */
export function faultName(code: string | number): string {
  const { codes, other } = words();
  return (
    (Object.hasOwn(codes, String(code)) ? (codes as Readonly<Record<string, string>>)[String(code)] : undefined) ??
    other(String(code))
  );
}

/** The cause of a fault in words: preset wifi-band. */
export function causeText(cause: string): string {
  const at = cause.indexOf(':');
  const kind = at < 0 ? cause : cause.slice(0, at);
  const text = (words().causes as Readonly<Record<string, ((rest: string) => string) | undefined>>)[kind];
  return Object.hasOwn(words().causes, kind) && text ? text(at < 0 ? '' : cause.slice(at + 1)) : cause;
}

/** The preset that a cause names. */
export const presetOf = (cause: string): string | undefined =>
  cause.startsWith('preset:') || cause.startsWith('drift:') ? cause.slice(cause.indexOf(':') + 1) : undefined;
